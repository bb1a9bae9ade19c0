import { type KeyRefused, type UseDesk, openLog, openMacDesk } from '@strongroom/service'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyServer } from '../src/service.ts'
import { clientOf, type KeyServerClient, startKeyServer } from './client.ts'
import { addVerified, codeTo, newEmail } from './people.ts'

let app: TestApp
let desk: UseDesk
let clients: KeyServerClient[]
beforeAll(async () => {
  app = await startKeyServer({ processes: 2 })
  desk = await openMacDesk(keyServer, app.operator, openLog('desk', 'silent'))
  clients = app.baseUrls.map(clientOf)
})
afterAll(async () => {
  await desk.close()
  await app.stop()
})

const client = (): KeyServerClient => clients[0] ?? clientOf('')
const refusalOf = (asked: Promise<unknown>): Promise<KeyRefused> =>
  asked.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as KeyRefused,
  )
const versionsOf = async (use: string) => (await desk.status()).find((one) => one.use === use)?.versions

/** Every process has loaded what is recorded now. */
const replicasFollow = () =>
  expect
    .poll(() =>
      app.sql(`select from keystore.replicas where generation < (select number from keystore.generation)
                  and seen_at > now() - interval '60 seconds'`),
    )
    .toEqual([])

async function rotate(use: string): Promise<void> {
  await desk.publish(use)
  await replicasFollow()
  await desk.activate(use)
  await replicasFollow()
}

/** As if the version had been retired so long ago. */
async function letRest(use: string, interval: string): Promise<void> {
  await app.sql('alter table keystore.keys disable trigger raise_generation')
  await app.sql(`update keystore.keys set retired_at = retired_at - interval '${interval}' where use = '${use}'`)
  await app.sql('alter table keystore.keys enable trigger raise_generation')
}

const epoch = async () => Number((await app.sql('select number from keystore.epoch'))[0]?.['number'])

test('a PIN of before is right after, in every process; a changed one is of the new version; the old key then goes', async () => {
  const keyIds = [await client().create('1234'), await client().create('1234')]
  const [first = '', second = ''] = keyIds
  const key = (await client().open(first, '1234')).text
  const before = await epoch()

  await desk.publish('lock')
  expect(await desk.publish('lock')).toEqual({ version: 2 })
  const early = await client().create('1234')
  await replicasFollow()
  expect(await desk.activate('lock')).toEqual({ version: 2 })
  expect(await desk.activate('lock')).toEqual({ version: 2 })
  expect(await epoch()).toBeGreaterThan(before)
  await replicasFollow()
  expect(await versionsOf('lock')).toEqual([
    { version: 2, state: 'active', needed: [] },
    { version: 1, state: 'retired', needed: [{ table: 'pin_keys.keys', column: 'envelope', rows: 3 }] },
  ])
  for (const one of clients) {
    expect((await one.open(first, '1234')).text).toBe(key)
    expect((await one.open(first, '0000')).status).toBe(404)
  }

  expect(await refusalOf(desk.destroy('lock', 1))).toMatchObject({ reason: 'too-soon' })
  await letRest('lock', '1 hour')
  const needed = { reason: 'still-referred-to', details: ['pin_keys.keys.envelope: 3'] }
  expect(await refusalOf(desk.destroy('lock', 1))).toMatchObject(needed)
  expect((await client().change(first, '1234', '7777')).status).toBe(200)
  expect((await client().open(first, '7777')).text).toBe(key)
  for (const id of [second, early]) {
    expect(await refusalOf(desk.destroy('lock', 1))).toMatchObject({ reason: 'still-referred-to' })
    expect((await client().change(id, '1234', '8888')).status).toBe(200)
  }
  await desk.destroy('lock', 1)
  expect(await versionsOf('lock')).toEqual([{ version: 2, state: 'active', needed: [] }])
  await replicasFollow()
  const { baseUrl } = await app.spawn()
  for (const one of [...clients, clientOf(baseUrl)]) {
    expect((await one.open(first, '7777')).text).toBe(key)
    expect((await one.open(second, '8888')).status).toBe(200)
    expect((await one.open(second, '1234')).status).toBe(404)
  }
  const events = await app.sql(`select event, detail from audit.events where event like 'keystore.mac%' order by id`)
  expect(events).toEqual([
    { event: 'keystore.mac-published', detail: { use: 'lock', version: 2 } },
    { event: 'keystore.mac-activated', detail: { use: 'lock', version: 2 } },
    { event: 'keystore.mac-destroyed', detail: { use: 'lock', version: 1 } },
  ])
})

test('a lock anywhere in the database keeps its version, declared or not', async () => {
  await client().create('1234')
  await rotate('lock')
  await letRest('lock', '1 hour')
  await app.sql('create table public.forgotten (kept bytea[])')
  await app.sql('insert into public.forgotten select array[envelope] from pin_keys.keys limit 1')
  await app.sql('delete from pin_keys.keys')
  const refused = { reason: 'still-referred-to', details: ['public.forgotten.kept: 1'] }
  expect(await refusalOf(desk.destroy('lock', 2))).toMatchObject(refused)
  await app.sql('drop table public.forgotten')
  await desk.destroy('lock', 2)
})

test('a code that was sent by the old version is good until it expires, and the old key goes days later', async () => {
  const [keyId, address] = [await client().create('1234'), newEmail()]
  expect((await client().addUser(keyId, '1234', address)).status).toBe(201)
  const code = await codeTo(app, address, 1)
  await rotate('code')
  const wrong = code === '000000' ? '000001' : '000000'
  expect((await client().verify(keyId, address, { code: wrong, op: 'verify' })).status).toBe(404)
  expect((await client().verify(keyId, address, { code, op: 'verify' })).status).toBe(200)
  await letRest('code', '1 day')
  expect(await refusalOf(desk.destroy('code', 1))).toMatchObject({ reason: 'too-soon' })
  await letRest('code', '1 day')
  await desk.destroy('code', 1)
  expect((await versionsOf('code'))?.map(({ version }) => version)).toEqual([2])
})

test('a user of before is found under the new version, before its row is rebuilt and after, and is not added twice', async () => {
  const keyId = await client().create('1234')
  const [known, other] = [newEmail(), newEmail()]
  await addVerified(app, client(), { keyId, pin: '1234', address: known })
  expect((await client().addUser(keyId, '1234', other)).status).toBe(201)
  const code = await codeTo(app, other, 1)
  const finders = () =>
    app.sql(`select encode(lookup, 'hex') as name, encode(finder, 'hex') as finder, finder_version as version
               from pin_keys.users where key_id = '${keyId}' order by created_at`)
  const before = await finders()
  await rotate('user-id')
  const exists = async () => (await client().addUser(keyId, '1234', known)).status
  expect(await exists()).toBe(409)
  const late = newEmail()
  await Promise.all(clients.map((one) => one.addUser(keyId, '1234', late)))

  await app.sql(`select graphile_worker.add_job('sweeps.run', '{}'::json)`)
  await expect.poll(async () => (await versionsOf('user-id'))?.[1]?.needed, { timeout: 30_000 }).toEqual([])
  const after = await finders()
  expect(after.map(({ version }) => version)).toEqual([2, 2, 2])
  expect(after.slice(0, 2).map(({ name }) => name)).toEqual(before.map(({ name }) => name))
  for (const [at, row] of before.entries()) expect(after[at]?.['finder']).not.toBe(row['finder'])
  expect(await exists()).toBe(409)
  expect((await client().verify(keyId, other, { code, op: 'verify' })).status).toBe(200)
  await letRest('user-id', '1 hour')
  await desk.destroy('user-id', 1)
  await replicasFollow()
  expect(await exists()).toBe(409)
  // Whoever can write the database moves no name: nothing vouches for it in another row, with its stamp or without.
  const isThere = async () => (await client().askReset(keyId, known)).status
  const rows = `pin_keys.users where key_id = '${keyId}' and encode(finder, 'hex') =`
  const [mine, theirs] = await finders()
  const put = (columns: string, source: unknown) =>
    app.sql(`update pin_keys.users set (${columns}) = (select ${columns} from public.kept where finder = '\\x${String(source)}')
              where key_id = '${keyId}' and encode(finder, 'hex') = '${String(mine?.['finder'])}'`)
  await app.sql(`create table public.kept as select * from pin_keys.users where key_id = '${keyId}'`)
  await app.sql(`delete from ${rows} '${String(theirs?.['finder'])}'`)
  for (const columns of ['lookup, channel', 'lookup, name_stamp']) {
    await put(columns, theirs?.['finder'])
    expect(await isThere()).toBe(404)
    await put(columns, mine?.['finder'])
    expect(await isThere()).not.toBe(404)
  }
  await app.sql(
    `insert into pin_keys.users select * from public.kept where finder = '\\x${String(theirs?.['finder'])}'`,
  )
  expect((await client().removeUser(keyId, '1234', other)).status).toBe(200)
})

test('what cannot be rotated, or is not declared, is refused by name; so is what is not retired', async () => {
  expect(await refusalOf(desk.publish('time-lock'))).toMatchObject({ reason: 'fixed-use' })
  expect(await refusalOf(desk.publish('nothing'))).toMatchObject({ reason: 'unknown-use' })
  expect(await refusalOf(desk.destroy('recipient', 1))).toMatchObject({ reason: 'not-retired' })
  expect(await refusalOf(desk.destroy('recipient', 2))).toMatchObject({ reason: 'unknown-version' })
})
