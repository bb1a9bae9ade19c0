import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { hasTrueClock, shiftClock } from './clock.ts'
import { type Database, openDatabase } from './database.ts'
import { isMigrated, migrate, MigrationMismatch } from './migrate.ts'
import { fingerprint } from './migrate.ts'
import { type MigrationSet, storageMigrations } from './migrations.ts'
import { DatabaseUnavailable, violatedConstraint } from './outage.ts'
import { sql } from './sql.ts'

const things: MigrationSet = {
  schema: 'things',
  migrations: [
    {
      number: 1,
      name: '0001-things.sql',
      checksum: 'one',
      text: 'create schema things; create table things.list (name text primary key, size bigint not null default 0); create table things.log (line text)',
    },
  ],
  privileges: { list: ['select', 'insert', 'update'], log: ['insert'] },
}
const sets = [storageMigrations, things]
const name = z.object({ name: z.string() })

let world: TestDatabase
let database: Database
let owner: Database
const refusal = Symbol('refusal')

beforeAll(async () => {
  world = await testDatabase({
    template: `storage_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url, isRefusal: (answer) => answer === refusal })
  owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
})
afterAll(async () => {
  await Promise.all([database.close(), owner.close()])
  await world.drop()
})

const has = async (wanted: string) =>
  (await database.maybe(name, sql`select name from things.list where name = ${wanted}`)) !== undefined
const insert = (wanted: string) => sql`insert into things.list (name) values (${wanted})`

test('a transaction commits what it answers', async () => {
  await database.transaction((tx) => tx.run(insert('kept')))
  expect(await has('kept')).toBe(true)
})

test('a transaction rolls back on a throw and on a returned refusal', async () => {
  const thrown = database.transaction(async (tx) => {
    await tx.run(insert('thrown'))
    throw new Error('bug')
  })
  await expect(thrown).rejects.toThrow('bug')
  const refused = await database.transaction(async (tx) => {
    await tx.run(insert('refused'))
    return refusal
  })
  expect(refused).toBe(refusal)
  expect([await has('thrown'), await has('refused')]).toEqual([false, false])
})

test('the reading connection refuses to write', async () => {
  await expect(database.reading.run(insert('sneaked'))).rejects.toBeInstanceOf(DatabaseUnavailable)
  expect(await has('sneaked')).toBe(false)
})

test('pipelined statements fail alone', async () => {
  const outcomes = await Promise.allSettled([
    database.relaxed.run(insert('first')),
    database.relaxed.run(insert('first')),
    database.relaxed.run(insert('second')),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]?.status === 'rejected' && violatedConstraint(outcomes[1].reason)).toBe('list_pkey')
})

test('connections that the server cuts are an outage, and replaced', async () => {
  await database.reading.run(sql`select 1`)
  const waiting = database.run(sql`select pg_sleep(30)`).catch((error: unknown) => error)
  // A role sees and may cut its own connections, from one that is left out.
  const self = openDatabase({ connectionString: world.url, connections: 1 })
  const others = sql`from pg_stat_activity where pid <> pg_backend_pid() and usename = ${world.role}`
  await expect.poll(() => self.run(sql`select ${others} and query like '%pg_sleep%'`)).toBe(1)
  await self.run(sql`select pg_terminate_backend(pid) ${others}`)
  await self.close()
  expect(await waiting).toBeInstanceOf(DatabaseUnavailable)
  await expect.poll(() => database.reading.run(sql`select 1`).catch(() => 0)).toBe(1)
  await expect.poll(() => database.run(sql`select 1`).catch(() => 0)).toBe(1)
})

test('of two transactions that wait for each other one is ended, which is an outage, and the other commits', async () => {
  await database.transaction(async (tx) => {
    for (const side of ['left', 'right']) await tx.run(insert(side))
  })
  const lock = (wanted: string) => sql`update things.list set name = name where name = ${wanted}`
  const both = Promise.withResolvers<void>()
  let holding = 0
  const locking = (first: string, second: string) =>
    database.transaction(async (tx) => {
      await tx.run(lock(first))
      if (++holding === 2) both.resolve()
      await both.promise
      await tx.run(lock(second))
    })
  const ended = await Promise.allSettled([locking('left', 'right'), locking('right', 'left')])
  const rejected = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  expect(rejected).toEqual([expect.any(DatabaseUnavailable)])
})

test('a server that is not there is an outage', async () => {
  const nowhere = openDatabase({ connectionString: 'postgres://a:b@127.0.0.1:1/c' })
  await expect(nowhere.run(sql`select 1`)).rejects.toBeInstanceOf(DatabaseUnavailable)
  await expect(nowhere.reading.run(sql`select 1`)).rejects.toBeInstanceOf(DatabaseUnavailable)
  await expect(nowhere.transaction((tx) => tx.run(sql`select 1`))).rejects.toBeInstanceOf(DatabaseUnavailable)
  await nowhere.close()
})

test('the runtime role has the declared privileges and no others', async () => {
  await database.run(sql`insert into things.log values ('line')`)
  for (const forbidden of [
    sql`update things.log set line = 'other'`,
    sql`delete from things.log`,
    sql`delete from things.list`,
    sql`drop table things.list`,
    sql`create table things.mine ()`,
    sql`update strongroom_migrations.applied set checksum = ''`,
    sql`create or replace function strongroom.now() returns timestamptz language sql return now() + interval '31 days'`,
  ]) {
    await expect(database.run(forbidden)).rejects.toMatchObject({ code: '42501' })
  }
})

test('migrations that ran run no more, a changed one and one from the future are refused', async () => {
  await migrate(world.adminUrl, sets, world.role)
  expect(await isMigrated(database, sets)).toBe(true)
  const [first] = things.migrations
  const changed = { ...things, migrations: [{ ...first, checksum: 'other' } as (typeof things.migrations)[number]] }
  await expect(migrate(world.adminUrl, [changed], world.role)).rejects.toBeInstanceOf(MigrationMismatch)
  await expect(isMigrated(database, [{ ...things, migrations: [] }])).rejects.toBeInstanceOf(MigrationMismatch)
})

test('replicas that migrate together migrate once; a migration that fails leaves nothing', async () => {
  const second = { number: 2, name: '0002-more.sql', checksum: 'two', text: 'create table things.more ()' }
  const third = {
    number: 3,
    name: '0003-bad.sql',
    checksum: 'three',
    text: 'create table things.half (); select 1 / 0',
  }
  const good = { ...things, migrations: [...things.migrations, second] }
  await Promise.all([1, 2, 3].map(() => migrate(world.adminUrl, [good], world.role)))
  await expect(
    migrate(world.adminUrl, [{ ...good, migrations: [...good.migrations, third] }], world.role),
  ).rejects.toThrow('division')
  const half = await owner.one(
    z.object({ there: z.boolean() }),
    sql`select to_regclass('things.half') is not null as there`,
  )
  expect(half.there).toBe(false)
})

test('the clock is the true one until somebody shifts it', async () => {
  expect(await hasTrueClock(database)).toBe(true)
  const now = async () =>
    (await database.one(z.object({ at: z.date() }), sql`select strongroom.now() as at`)).at.getTime()
  const before = await now()
  await shiftClock(owner, '31 days')
  await shiftClock(owner, '1 hour')
  const hours = ((await now()) - before) / 3_600_000
  expect(Math.round(hours)).toBe(31 * 24 + 1)
  expect(await hasTrueClock(database)).toBe(false)
})
