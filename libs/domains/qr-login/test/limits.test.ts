import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type StoreFixture, stores } from './fixtures.ts'
import { count, publicKey, type Relay, statusOf, toldBy } from './relay.ts'
import { type RelayWorld, relayWorld } from './served-relay.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await relayWorld()
})
afterAll(() => world.end())

const times = <T>(many: number, ask: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: many }, (_, i) => ask(i)))

describe.each(stores)('limits on %s', (_, open) => {
  let fixture: StoreFixture
  let relay: Relay
  beforeAll(async () => {
    fixture = await open()
    relay = await world.serve(fixture.store)
  })
  afterAll(async () => {
    relay.close()
    await fixture.end()
  })

  test('one address opens ten sessions in ten minutes; what was not valid is not counted', async () => {
    const mine = '192.0.2.7'
    for (const key of [undefined, '', 7, 'a\u0000b', '\ud800', 'x'.repeat(513)])
      expect(await statusOf(relay.open({ publicKey: key }, mine))).toBe(400)
    const statuses = await times(12, () => statusOf(relay.open({ publicKey }, mine)))
    expect([count(statuses, 200), count(statuses, 429)]).toEqual([10, 2])
    const refused = [429, 'Too many session requests. Please try again later.']
    expect(await toldBy(relay.open({ publicKey }, mine))).toEqual(refused)
    // What a caller writes into the header itself stands left of what the proxy saw.
    expect(await toldBy(relay.open({ publicKey }, `203.0.113.9, ${mine}`))).toEqual(refused)
    expect(await statusOf(relay.open({ publicKey }, '192.0.2.8'))).toBe(200)
    await fixture.pass(601)
    expect(await statusOf(relay.open({ publicKey }, mine))).toBe(200)
  })

  test('one IPv6 network is one caller', async () => {
    const statuses = await times(11, (i) => statusOf(relay.open({ publicKey }, `2001:db8:0:1::${String(i + 1)}`)))
    expect(count(statuses, 200)).toBe(10)
    expect(await statusOf(relay.open({ publicKey }, '2001:db8:0:2::1'))).toBe(200)
  })

  test('one address guesses twenty codes in a minute; ids are polled without limit', async () => {
    const { sessionId, shortCode } = await relay.begin()
    const mine = { ip: '198.51.100.1' }
    const guesses = await times(20, (i) => statusOf(relay.look(String(i).padStart(8, '9'), mine)))
    expect(count(guesses, 404)).toBe(20)
    // The limit does not tell a right guess from a wrong one.
    const refused = [429, 'Too many lookup attempts. Please try again later.']
    expect(await toldBy(relay.look(shortCode, mine))).toEqual(refused)
    expect(await statusOf(relay.look(shortCode))).toBe(200)
    expect(count(await times(40, () => statusOf(relay.look(sessionId, mine))), 200)).toBe(40)
    await fixture.pass(61)
    expect(await statusOf(relay.look(shortCode, mine))).toBe(200)
  })

  test('all addresses together guess no more than their cap', async () => {
    await fixture.pass(61)
    const small = await world.serve(fixture.store, { allLookups: { points: 5, window: 60 } })
    const statuses = await times(8, (i) => statusOf(small.look(String(i).padStart(8, '8'))))
    expect([count(statuses, 404), count(statuses, 429)]).toEqual([5, 3])
    small.close()
  })

  test('no more sessions than the most are alive', async () => {
    await fixture.pass(200)
    const small = await world.serve(fixture.store, { live: 3 })
    const statuses = await times(5, () => statusOf(small.open()))
    expect([count(statuses, 200), count(statuses, 429)]).toEqual([3, 2])
    await fixture.pass(121)
    expect(await statusOf(small.open())).toBe(200)
    small.close()
  })

  test('a session takes five attempts to approve it', async () => {
    const login = await world.logIn('ann')
    world.addAccount('ann')
    const { sessionId } = await relay.begin()
    const attempt = (id: string) => relay.approve(id, { ...login, encryptedPayload: 'x' })
    const statuses = await times(5, () => statusOf(attempt(sessionId)))
    expect([count(statuses, 200), count(statuses, 409)]).toEqual([1, 4])
    expect(await toldBy(attempt(sessionId))).toEqual([429, 'Too many approve attempts for this session.'])
    expect(await toldBy(attempt(randomUUID()))).toEqual([404, 'Session not found or expired'])
  })
})
