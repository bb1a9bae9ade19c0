import { connect } from '@strongroom/postgres'
import { afterAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { testDatabase, type TestDatabase } from './database.ts'

const prepared: string[] = []
const template = `notes-${process.pid}`
const prepare = async (url: string, runtimeRole: string) => {
  prepared.push(url)
  const owner = await connect(url)
  await owner.query('create schema notes')
  await owner.query('create table notes.note (text text not null)')
  await owner.query(`insert into notes.note values ('from the template')`)
  await owner.query(`grant usage on schema notes to ${runtimeRole}`)
  await owner.query(`grant select, insert on notes.note to ${runtimeRole}`)
  // Left open on purpose: a pool that nobody closed.
}

const open = async (url: string) => {
  const connection = await connect(url)
  onTestFinished(() => connection.end())
  return connection
}

describe('a test database', () => {
  const made: TestDatabase[] = []
  const make = async () => {
    const database = await testDatabase({ template, prepare })
    made.push(database)
    return database
  }
  afterAll(() => Promise.all(made.map((database) => database.drop())))

  it('is a copy of a template that is prepared once, however many ask at the same time', async () => {
    const [first, second] = await Promise.all([make(), make(), make()])
    expect(prepared).toHaveLength(1)
    expect(first.name).not.toBe(second.name)
    const runtime = await open(first.url)
    await runtime.query(`insert into notes.note values ('mine')`)
    const other = await open(second.url)
    expect(await other.query('select text from notes.note')).toEqual([{ text: 'from the template' }])
  })

  it('is used by a role that owns nothing and can make nothing', async () => {
    const { url, role } = await make()
    const runtime = await open(url)
    expect(await runtime.query('select current_user::text as role')).toEqual([{ role }])
    await expect(runtime.query('drop table notes.note')).rejects.toThrow('must be owner')
    await expect(runtime.query('create table public.mine ()')).rejects.toThrow('permission denied')
    await expect(runtime.query('create temporary table mine ()')).rejects.toThrow('permission denied')
    await expect(runtime.query('create schema mine')).rejects.toThrow('permission denied')
  })

  it('has an owner who is no superuser and can change all that was prepared', async () => {
    const { adminUrl } = await make()
    const owner = await open(adminUrl)
    await owner.query('alter table notes.note add column late text')
    expect(await owner.query('select usesuper from pg_user where usename = current_user')).toEqual([
      { usesuper: false },
    ])
  })

  it('is closed to the runtime role of another database', async () => {
    const [mine, other] = [await make(), await make()]
    const foreign = new URL(mine.url)
    foreign.pathname = `/${other.name}`
    await expect(connect(foreign.href)).rejects.toThrow('permission denied for database')
  })

  it('is dropped with its role, even while somebody is connected, and twice without harm', async () => {
    const { url, name, role, drop } = await make()
    await open(url)
    await drop()
    await drop()
    const superuser = await open(inject('postgres'))
    expect(await superuser.query('select from pg_database where datname = $1', [name])).toEqual([])
    expect(await superuser.query('select from pg_roles where rolname = $1', [role])).toEqual([])
  })

  it('makes a template anew that an earlier attempt left half made', async () => {
    const broken = { template: `${template}-broken`, prepare: () => Promise.reject(new Error('a bad migration')) }
    await expect(testDatabase(broken)).rejects.toThrow('a bad migration')
    await using database = await testDatabase({ ...broken, prepare })
    const runtime = await connect(database.url)
    expect(await runtime.query('select text from notes.note')).toHaveLength(1)
    await runtime.end()
  })
})
