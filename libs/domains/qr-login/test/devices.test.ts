import { randomUUID } from 'node:crypto'
import type { Subscription } from '@strongroom/outbox'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { forgetDevices } from '../src/index.ts'
import { onRedis, type StoreFixture } from './fixtures.ts'
import type { Relay } from './relay.ts'
import { type RelayWorld, relayWorld } from './served-relay.ts'

let world: RelayWorld
let fixture: StoreFixture
let relay: Relay
let login: Awaited<ReturnType<RelayWorld['logIn']>>
let account: ReturnType<RelayWorld['addAccount']>
let people = 0
beforeAll(async () => {
  ;[world, fixture] = await Promise.all([relayWorld(), onRedis()])
  relay = await world.serve(fixture.store)
})
afterAll(async () => {
  relay.close()
  await Promise.all([world.end(), fixture.end()])
})
beforeEach(async () => {
  const subject = `person-${String(people++)}`
  login = await world.logIn(subject)
  account = world.addAccount(subject)
})

type Named = { kind: 'fcm'; token: string } | { kind: 'web'; subscription: Subscription & { expirationTime?: null } }
const phone = (name = 'phone') => ({ kind: 'fcm', token: `${name}-${randomUUID()}` }) as const
const browser = (name?: string) => ({ kind: 'web', subscription: world.outbox.push.subscribe(name) }) as const
const addressOf = (device: Named) => (device.kind === 'fcm' ? device.token : device.subscription.endpoint)
const register = (device: object, as: object = login) => relay.ask('POST', '/devices', { body: { ...as, ...device } })
const remove = (device: object, as: object = login) => relay.ask('DELETE', '/devices', { body: { ...as, ...device } })

const notify = (session: object, as: object = login) => relay.ask('POST', '/notify', { body: { ...as, ...session } })
const pushed = async (device: Named) => (await world.messagesTo(addressOf(device))).length
const rows = (accountId: string) =>
  world.owner.many(
    z.object({ row: z.string() }),
    sql`select d::text as row from qr_login.devices d where account_id = ${accountId}`,
  )
const nothing = { status: 200, body: { sent: false, deviceCount: 0 } }

test('every device of the account is told of the session, and of nothing more', async () => {
  const devices = [
    phone(),
    browser(),
    { kind: 'web', subscription: { ...world.outbox.push.subscribe(), expirationTime: null } },
  ] as const
  for (const device of devices) expect(await register(device)).toEqual({ status: 200, body: { success: true } })
  const session = await relay.begin()
  expect(await notify(session)).toEqual({ status: 200, body: { sent: true, deviceCount: 3 } })
  for (const device of devices) {
    expect(await world.messagesTo(addressOf(device))).toMatchObject([
      {
        channel: 'push',
        subject: 'New Device Login Request',
        text: 'Another device is requesting access to your account. Tap to approve.',
        data: {
          type: 'DEVICE_LINK_REQUEST',
          metadata: JSON.stringify(session),
          fromDid: account.did,
          toDid: account.did,
        },
      },
    ])
  }
})

test('nothing is pushed for a session that nobody opened, that ended, or whose code the caller does not know', async () => {
  const device = phone()
  await register(device)
  const { sessionId, shortCode } = await relay.begin()
  const missing = { status: 404, body: expect.objectContaining({ title: 'Session not found or expired' }) }
  expect(await notify({ sessionId: randomUUID(), shortCode })).toEqual(missing)
  expect(await notify({ sessionId: 'x', shortCode })).toEqual(missing)
  const other = await relay.begin()
  expect(await notify({ sessionId, shortCode: other.shortCode })).toEqual(missing)
  await relay.ask('POST', `/session/${sessionId}/approve`, { body: { ...login, encryptedPayload: 'x' } })
  expect(await notify({ sessionId, shortCode })).toEqual(missing)
  await fixture.pass(121)
  expect(await notify(other)).toEqual(missing)
  expect(await notify(await relay.begin(), { ...login, authToken: 'a.b.c' })).toMatchObject({ status: 401 })
  expect(await pushed(device)).toBe(0)
})

test('a session is pushed three times, guesses at its code included', async () => {
  const device = phone()
  await register(device)
  const session = await relay.begin()
  expect((await notify({ ...session, shortCode: '00000000' })).status).toBe(404)
  for (let i = 0; i < 2; i++) expect((await notify(session)).body).toEqual({ sent: true, deviceCount: 1 })
  expect(await notify(session)).toEqual(nothing)
  expect(await pushed(device)).toBe(2)
  // The same message again: a phone shows one.
  expect(new Set((await world.messagesTo(device.token)).map(({ id }) => id)).size).toBe(1)
})

test('an account without devices, and a person without an account, are told nothing, and the session waits', async () => {
  const session = await relay.begin()
  expect(await notify(session)).toEqual(nothing)
  expect(await notify(session, await world.logIn('nobody'))).toEqual(nothing)
  expect((await relay.ask('GET', `/session/${session.sessionId}`)).body).toMatchObject({ status: 'pending' })
})

test('a device that is gone is forgotten; one that is only away is kept, and told the next time', async () => {
  const gone = [phone('gone-phone'), browser('gone-browser')]
  const away = phone('down-phone')
  const fine = browser()
  for (const device of [...gone, away, fine]) expect((await register(device)).status).toBe(200)
  const first = await notify(await relay.begin())
  expect(first.body).toEqual({ sent: true, deviceCount: 1 })
  expect(await rows(account.id)).toHaveLength(2)
  await remove(fine)
  expect(await notify(await relay.begin())).toEqual(nothing)
  expect(await rows(account.id)).toHaveLength(1)
})

test('registering again is one device, and a subscription with new keys replaces the old', async () => {
  const device = browser()
  const { keys } = world.outbox.push.subscribe()
  await register({ kind: 'web', subscription: { endpoint: device.subscription.endpoint, keys } })
  expect(await notify(await relay.begin())).toMatchObject({ status: 200 })
  await Promise.all([register(device), register(device), register(device)])
  expect(await rows(account.id)).toHaveLength(1)
  expect((await notify(await relay.begin())).body).toEqual({ sent: true, deviceCount: 1 })
  expect((await world.messagesTo(addressOf(device))).at(0)?.subject).toBe('New Device Login Request')
})

test('ten devices are kept, however many register at once; the oldest goes', async () => {
  const oldest = phone()
  await register(oldest)
  const others = Array.from({ length: 9 }, () => phone())
  await Promise.all(others.map((device) => register(device)))
  const late = Array.from({ length: 3 }, () => phone())
  await Promise.all(late.map((device) => register(device)))
  expect(await rows(account.id)).toHaveLength(10)
  expect((await notify(await relay.begin())).body).toEqual({ sent: true, deviceCount: 10 })
  expect(await pushed(oldest)).toBe(0)
  expect(await Promise.all(late.map(pushed))).toEqual([1, 1, 1])
})

test('a device is removed by its account alone, as often as you like', async () => {
  const device = phone()
  await register(device)
  const stranger = await world.logIn('stranger')
  world.addAccount('stranger')
  expect((await remove(device, stranger)).status).toBe(200)
  expect(await rows(account.id)).toHaveLength(1)
  for (let i = 0; i < 2; i++) expect(await remove(device)).toEqual({ status: 200, body: { success: true } })
  expect(await rows(account.id)).toHaveLength(0)
  expect((await register(device, await world.logIn('nobody'))).status).toBe(404)
  expect((await remove(device, await world.logIn('nobody'))).status).toBe(404)
})

test.each([
  ['no kind', { token: 'abc' }],
  ['another kind', { kind: 'pager', token: 'abc' }],
  ['no token', { kind: 'fcm' }],
  ['a token with a line feed', { kind: 'fcm', token: 'a\nb' }],
  ['a token that is too long', { kind: 'fcm', token: 'x'.repeat(4097) }],
  ['no keys', { kind: 'web', subscription: { endpoint: 'https://fcm.googleapis.com/x' } }],
  [
    'keys that are none',
    { kind: 'web', subscription: { endpoint: 'https://fcm.googleapis.com/x', keys: { p256dh: 'x', auth: 'y' } } },
  ],
])('%s is no device', async (_, device) => {
  expect((await register(device)).status).toBe(400)
  expect(await rows(account.id)).toHaveLength(0)
})

test.each(['http://fcm.googleapis.com/x', 'https://127.0.0.1/x', 'https://intranet.example/x', 'https://[::1]/x'])(
  'a push service at %s is refused: the server would be sent wherever a caller likes',
  async (endpoint) => {
    const { keys } = world.outbox.push.subscribe()
    const { status, body } = await register({ kind: 'web', subscription: { endpoint, keys } })
    expect([status, body['type']]).toEqual([400, 'device-refused'])
  },
)

test('the table holds no token, links nobody across accounts, and a row copied to another account does not open', async () => {
  const device = phone()
  await register(device)
  const [mine] = await rows(account.id)
  expect(mine?.row).not.toContain(device.token)
  expect(mine?.row).not.toContain(Buffer.from(device.token).toString('hex'))
  const other = await world.logIn('other')
  const theirs = world.addAccount('other')
  await register(device, other)
  const lookup = z.object({ lookups: z.int() })
  const counted = sql`select count(distinct lookup)::int as lookups from qr_login.devices where account_id in (${account.id}, ${theirs.id})`
  expect(await world.owner.one(lookup, counted)).toEqual({ lookups: 2 })
  await world.owner.run(sql`
    update qr_login.devices set address = (select address from qr_login.devices where account_id = ${account.id})
     where account_id = ${theirs.id}`)
  expect((await notify(await relay.begin(), other)).status).toBe(500)
  expect(await pushed(device)).toBe(0)
})

test('what happens to devices is in the audit log, without tokens and codes', async () => {
  const [kept, gone] = [phone(), phone('gone')]
  await register(kept)
  await register(kept)
  await register(gone)
  const session = await relay.begin()
  await notify(session)
  await remove(kept)
  await remove(kept)
  const events = await world.events(account.id)
  expect(events.map(({ event, detail }) => [event, detail['kind'] ?? detail['reason'] ?? detail['told']])).toEqual([
    ['device.registered', 'fcm'],
    ['device.registered', 'fcm'],
    ['device.removed', 'gone'],
    ['qr-session.announced', 1],
    ['device.removed', 'asked'],
  ])
  for (const secret of [kept.token, gone.token, session.shortCode]) expect(JSON.stringify(events)).not.toContain(secret)
})

test('an account that is erased takes its devices along', async () => {
  await register(phone())
  await world.database.transaction((tx) => forgetDevices(tx, account.id))
  expect(await notify(await relay.begin())).toEqual(nothing)
})

test('where the HSM is away, callers are told to come back, and sessions go on', async () => {
  await register(phone())
  const session = await relay.begin()
  await world.token.take()
  await expect.poll(async () => (await register(phone())).status).toBe(503)
  expect((await notify(session)).status).toBe(503)
  expect((await relay.ask('GET', `/session/${session.sessionId}`)).status).toBe(200)
  await world.token.bringBack()
  await expect.poll(async () => (await register(phone())).status).toBe(200)
  expect((await notify(session)).body).toMatchObject({ sent: true })
})
