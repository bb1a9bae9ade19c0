import { destroyKeys } from '@strongroom/hsm'
import type { KeyDesk } from '@strongroom/service'
import { secondToken, type TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { clientOf, type KeyServerClient, startKeyServer } from './client.ts'
import { addVerified, newEmail } from './people.ts'
import { activateNext, letTimePass, openDesk, refusalOf, replicasFollow, rewrapped, soon } from './rotations.ts'

let app: TestApp
let desk: KeyDesk
let clients: KeyServerClient[]
const keys = new Map<string, string>()

beforeAll(async () => {
  app = await startKeyServer({ processes: 2, settings: { REWRAP_ROWS_PER_SECOND: '1000' } })
  desk = await openDesk(app)
  clients = app.baseUrls.map(clientOf)
  for (let made = 0; made < 20; made++) await create(made)
})
afterAll(async () => {
  await desk.close()
  await app.stop()
})

const clientAt = (at: number): KeyServerClient => clients[at % clients.length] ?? clientOf('')

async function create(at: number) {
  const id = await clientAt(at).create('1234')
  keys.set(id, (await clientAt(at).open(id, '1234')).text)
}

/** Of every process, every key. */
async function expectReadable() {
  for (const client of clients) {
    for (const [id, key] of keys) expect((await client.open(id, '1234')).text).toBe(key)
  }
}

const states = async () => (await desk.status()).versions.map(({ version, state }) => [version, state])
const eventsSince = async (id: number) =>
  (
    await app.sql(`select event from audit.events where id > ${String(id)} and event like 'keystore.%' order by id`)
  ).map(({ event }) => event)

test('published is loaded by every process before it seals, and one that has not loaded it is named', async () => {
  const [[id] = ['']] = keys
  await addVerified(app, clientAt(0), { keyId: id, pin: '1234', address: newEmail() })
  expect(await states()).toEqual([[1, 'active']])
  await expect.poll(async () => (await desk.status()).replicas.length).toBe(2)
  expect(await refusalOf(desk.destroy(1))).toMatchObject({ reason: 'not-retired' })
  expect(await desk.activate()).toEqual({ version: 1, retired: [], outcome: 'was-active' })
  const { version, made } = await desk.publish()
  expect([version, made.map(({ label }) => label)]).toEqual([2, ['strongroom/key-server/seal/v2']])
  expect(await desk.publish()).toEqual({ version: 2, made: [] })
  await replicasFollow(desk)
  await create(0)
  expect((await desk.references(2)).rows).toBe(0)
  await app.sql(
    `insert into keystore.replicas (id, name, generation) values ('00000000-0000-4000-8000-000000000000', 'slow:7', 1)`,
  )
  const refusal = await refusalOf(desk.activate())
  expect(refusal).toEqual({ reason: 'replicas-behind', details: ['slow:7 (00000000-0000-4000-8000-000000000000)'] })
  expect(await states()).toEqual([
    [2, 'published'],
    [1, 'active'],
  ])
  await app.sql(`update keystore.replicas set seen_at = now() - interval '61 seconds' where name = 'slow:7'`)
  expect(await desk.activate()).toEqual({ version: 2, retired: [1], outcome: 'activated' })
  expect(await desk.activate()).toEqual({ version: 2, retired: [], outcome: 'was-active' })
  await replicasFollow(desk)
  await expect.poll(() => app.sql(`select from keystore.replicas where name = 'slow:7'`)).toEqual([])
  await create(0)
  await create(1)
  const { columns } = await desk.references(2)
  expect(columns).toContainEqual({ table: 'pin_keys.keys', column: 'envelope', rows: 2 })
  await expectReadable()
})

test('a version is destroyed only when it has rested, and no value anywhere names it, declared or not', async () => {
  expect(await refusalOf(desk.destroy(1))).toMatchObject({ reason: 'too-soon' })
  await letTimePass(app)
  const refusal = await refusalOf(desk.destroy(1))
  expect(refusal.reason).toBe('still-referred-to')
  expect(refusal.details).toContain('pin_keys.keys.envelope: 21')
  expect(refusal.details).toContain('keystore.recovery_key.public_key: 1')
  await app.sql(`create table public.elsewhere (value bytea, more bytea[])`)
  await app.sql(`insert into public.elsewhere (value) select envelope from pin_keys.keys limit 3`)
  await app.sql(
    `insert into public.elsewhere (more) select array['\\x00'::bytea, envelope] from pin_keys.keys order by id limit 23`,
  )
  await rewrapped(desk)
  const { state, done, total, unopenable, columns } = await desk.rewrapProgress()
  expect([state, done, unopenable]).toEqual(['finished', total, 0])
  expect(columns).toContainEqual({ column: 'pin-keys.keys', done: 23, total: 23, unopenable: 0, isFinished: true })
  await letTimePass(app)
  const left = await refusalOf(desk.destroy(1))
  expect(left).toMatchObject({ reason: 'still-referred-to' })
  expect(left.details.every((line) => line.startsWith('public.elsewhere.'))).toBe(true)
  expect(left.details).toContain('public.elsewhere.more: 21')
  await app.sql(`drop table public.elsewhere`)
  await expectReadable()
  expect((await desk.destroy(1)).destroyed.map(({ label }) => label)).toEqual(['strongroom/key-server/seal/v1'])
  expect(await states()).toEqual([[2, 'active']])
  expect(await refusalOf(desk.destroy(1))).toMatchObject({ reason: 'unknown-version' })
  await expectReadable()
  expect(await eventsSince(0)).toEqual([
    'keystore.version-published',
    'keystore.version-activated',
    'keystore.rewrap-begun',
    'keystore.rewrap-finished',
    'keystore.version-destroyed',
  ])
})

test('who starts afterwards finds the keys that are left, and provisioning makes none', async () => {
  expect(await app.provision()).toBe(0)
  expect(await states()).toEqual([[2, 'active']])
  const late = await app.spawn()
  clients.push(clientOf(late.baseUrl))
  await expectReadable()
})

test('killed after any step a destruction goes on where it was', async () => {
  for (const killedAfter of ['withdrawn', 'doomed', 'destroyed'] as const) {
    const version = await activateNext(desk)
    await rewrapped(desk)
    await letTimePass(app)
    const old = `version = ${String(version - 1)} and job = 'seal'`
    await app.sql(`update keystore.keys set state = 'destroying' where ${old}`)
    if (killedAfter !== 'withdrawn') await app.sql(`update keystore.keys set doomed_at = now() where ${old}`)
    if (killedAfter === 'destroyed') await destroyOnToken(version - 1)
    expect((await desk.destroy(version - 1)).version).toBe(version - 1)
    expect([killedAfter, await states()]).toEqual([killedAfter, [[version, 'active']]])
    await replicasFollow(desk)
    await expectReadable()
  }
})

test('a value that turns up after the keys were withdrawn brings them back', async () => {
  const [value] = await app.sql(`select envelope::text from pin_keys.keys limit 1`)
  const version = await activateNext(desk)
  await rewrapped(desk)
  await letTimePass(app)
  await app.sql(`update keystore.keys set state = 'destroying' where version = ${String(version - 1)} and job = 'seal'`)
  await app.sql(`create table public.late (value bytea)`)
  await app.sql(`insert into public.late values ('${String(value?.['envelope'])}')`)
  expect(await refusalOf(desk.destroy(version - 1))).toEqual({
    reason: 'still-referred-to',
    details: ['public.late.value: 1'],
  })
  expect(await states()).toEqual([
    [version, 'active'],
    [version - 1, 'retired'],
  ])
  await app.sql(`drop table public.late`)
  await letTimePass(app)
  await replicasFollow(desk)
  await letTimePass(app)
  await desk.destroy(version - 1)
  await expectReadable()
})

test('values that do not open are counted, told of by column and id, and hold nothing up', async () => {
  const [[broken] = ['']] = keys
  await app.sql(`update pin_keys.keys set envelope = set_byte(envelope, length(envelope) - 3,
                   get_byte(envelope, length(envelope) - 3) # 1) where id = '${broken}'`)
  onTestFinished(async () => {
    await app.sql(`delete from pin_keys.keys where id = '${broken}'`)
    keys.delete(broken)
  })
  const version = await activateNext(desk)
  await rewrapped(desk)
  expect(await desk.rewrapProgress()).toMatchObject({ version, unopenable: 1 })
  await expect.poll(() => app.log(), soon).toContain(broken)
  expect((await desk.references(version - 1)).columns).toEqual([
    { table: 'pin_keys.keys', column: 'envelope', rows: 1 },
  ])
})

test('with two tokens: one away and nothing is published; a token that came later is published on before activation', async () => {
  await using second = await secondToken('key-server-late')
  await using both = await startKeyServer({ settings: second.settings })
  const twice = await openDesk(both)
  onTestFinished(() => twice.close())
  await second.token.take()
  expect(await refusalOf(twice.publish())).toMatchObject({ reason: 'token-away' })
  await second.token.bringBack()
  expect((await twice.status()).versions.map(({ version, state }) => [version, state])).toEqual([[1, 'active']])
  const { made } = await twice.publish()
  expect(made.map(({ token }) => token)).toEqual(['key-server', 'key-server-late'])
  await both.sql(`delete from keystore.keys where token = 'key-server-late' and version = 2`)
  await replicasFollow(twice)
  const refusal = await refusalOf(twice.activate())
  expect(refusal).toEqual({ reason: 'version-incomplete', details: ['key-server-late: seal'] })
  expect((await twice.publish()).made).toHaveLength(1)
  expect(await activateNext(twice)).toBe(2)
  const client = clientOf(both.baseUrls[0] ?? '')
  const id = await client.create('1234')
  const key = (await client.open(id, '1234')).text
  await both.takeToken()
  await expect.poll(async () => (await client.open(id, '1234')).text, soon).toBe(key)
  await both.bringTokenBack()
})

async function destroyOnToken(version: number) {
  const rows = await app.sql(`select job, use, version, label, strategy, check_value, key_id from keystore.keys`)
  const records = rows.map((row) => ({
    job: row['job'] as 'seal',
    use: row['use'] as string,
    version: row['version'] as number,
    label: row['label'] as string,
    strategy: row['strategy'] as string,
    checkValue: row['check_value'] as Uint8Array,
    keyId: row['key_id'] as Uint8Array,
    state: 'destroying' as const,
  }))
  const doomed = records.filter((record) => record.version === version && record.job === 'seal')
  const token = { ...app.token, deployment: 'strongroom', app: 'key-server' }
  expect(await destroyKeys({ tokens: [token], existing: [], doomed })).toHaveLength(1)
}
