import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NewSession, SessionStore } from '../src/index.ts'
import { type StoreFixture, stores } from './fixtures.ts'
import { count } from './relay.ts'

const room = { most: 1000, lifetime: 120 }
const approval = { encryptedPayload: '{"ciphertext":"…"}', approverDid: 'did:key:zApprover' }
let codes = 0
const draw = (): NewSession => ({
  id: randomUUID(),
  shortCode: String(codes++).padStart(8, '0'),
  publicKey: 'pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk=',
})

// The one contract of every store: what is added here must hold for each.
describe.each(stores)('a session store on %s', (_, open) => {
  let fixture: StoreFixture
  let store: SessionStore
  beforeAll(async () => {
    fixture = await open()
    store = fixture.store
  })
  afterAll(() => fixture.end())

  const create = async (wish: Partial<NewSession> = {}) => {
    const session = { ...draw(), ...wish }
    expect(await store.create(session, room)).toBe('created')
    return session
  }
  const atOnce = <T>(times: number, ask: (one: SessionStore) => Promise<T>) =>
    Promise.all(Array.from({ length: times }, (__, i) => ask(i % 2 ? fixture.another : store)))

  test('a session is found by its id and by its code, from every process', async () => {
    const { id, shortCode, publicKey } = await create()
    expect(await fixture.another.find(id)).toEqual({ id, publicKey, status: 'pending', shortCode })
    expect(await fixture.another.findByCode(shortCode)).toEqual({ id, publicKey, status: 'pending' })
    expect(await store.find(randomUUID())).toBeUndefined()
    expect(await store.findByCode('99999999')).toBeUndefined()
  })

  test('a session ends with its lifetime, by its id, by its code and for an approval', async () => {
    const { id, shortCode } = await create()
    await fixture.pass(60)
    expect(await store.find(id)).toBeDefined()
    await fixture.pass(61)
    expect(await store.find(id)).toBeUndefined()
    expect(await store.findByCode(shortCode)).toBeUndefined()
    expect(await store.approve(id, approval, 60)).toBe('missing')
    expect(await store.takePayload(id)).toBeUndefined()
  })

  test('an approval gives the session its own time, and takes its code away', async () => {
    const { id, shortCode, publicKey } = await create()
    await fixture.pass(90)
    expect(await store.approve(id, approval, 60)).toBe('approved')
    expect(await store.findByCode(shortCode)).toBeUndefined()
    await fixture.pass(30)
    expect(await store.find(id)).toEqual({ id, publicKey, status: 'approved', ...approval })
    await fixture.pass(31)
    expect(await store.find(id)).toBeUndefined()
  })

  test('of twenty approvals at once, one is taken, and its payload is the one that is found', async () => {
    const { id } = await create()
    const payloads: string[] = []
    const outcomes = await atOnce(20, async (one) => {
      const encryptedPayload = randomUUID()
      const outcome = await one.approve(id, { ...approval, encryptedPayload }, 60)
      if (outcome === 'approved') payloads.push(encryptedPayload)
      return outcome
    })
    expect([count(outcomes, 'approved'), count(outcomes, 'already-approved')]).toEqual([1, 19])
    expect([(await store.find(id))?.encryptedPayload]).toEqual(payloads)
  })

  test('of twenty who take the payload at once, one gets it, and the session stays', async () => {
    const { id } = await create({ pollTokenDigest: 'digest' })
    expect(await store.takePayload(id)).toBeUndefined()
    await store.approve(id, approval, 60)
    const taken = await atOnce(20, (one) => one.takePayload(id))
    expect(count(taken, approval.encryptedPayload)).toBe(1)
    expect(count(taken, undefined)).toBe(19)
    expect(await store.find(id)).toMatchObject({ status: 'approved', pollTokenDigest: 'digest' })
    expect((await store.find(id))?.encryptedPayload).toBeUndefined()
  })

  test('a code that is taken is refused, and is free again when its session ended or was approved', async () => {
    const first = await create()
    const again = () => ({ ...draw(), shortCode: first.shortCode })
    expect(await store.create(again(), room)).toBe('code-taken')
    expect(await store.findByCode(first.shortCode)).toMatchObject({ id: first.id })
    await store.approve(first.id, approval, 60)
    const second = again()
    expect(await store.create(second, room)).toBe('created')
    await fixture.pass(121)
    const third = again()
    expect(await store.create(third, room)).toBe('created')
    expect(await store.findByCode(first.shortCode)).toMatchObject({ id: third.id })
    expect(await store.find(second.id)).toBeUndefined()
  })

  test('of ten who draw the same code at once, one has it', async () => {
    const { shortCode } = draw()
    const outcomes = await atOnce(10, (one) => one.create({ ...draw(), shortCode }, room))
    expect([count(outcomes, 'created'), count(outcomes, 'code-taken')]).toEqual([1, 9])
  })

  test('no more than the most are alive, however many are made at once; what ended makes room', async () => {
    await fixture.pass(200)
    const few = { most: 5, lifetime: 120 }
    const outcomes = await atOnce(20, (one) => one.create(draw(), few))
    expect([count(outcomes, 'created'), count(outcomes, 'full')]).toEqual([5, 15])
    await fixture.pass(121)
    const next = draw()
    expect(await store.create(next, few)).toBe('created')
    await store.approve(next.id, approval, 300)
    await fixture.pass(121)
    // An approved one is alive as long as its payload is.
    expect(count(await atOnce(6, (one) => one.create(draw(), few)), 'created')).toBe(4)
  })

  test('a limit is exact over processes, counts each name alone, and begins anew after its window', async () => {
    const limit = { points: 3, window: 60 }
    const hits = await atOnce(10, (one) => one.hit('door/ann', limit))
    expect(count(hits, true)).toBe(3)
    expect(await store.hit('door/bob', limit)).toBe(true)
    await fixture.pass(30)
    expect(await store.hit('door/ann', limit)).toBe(false)
    // The window began with the first: what was refused since did not draw it out.
    await fixture.pass(31)
    expect(count(await atOnce(10, (one) => one.hit('door/ann', limit)), true)).toBe(3)
  })

  test('a name of any length and any characters is a name', async () => {
    const limit = { points: 1, window: 60 }
    const names = ['', ' ', '\u0000', '\ud800', 'x'.repeat(100_000), 'a\r\nDEL b']
    expect(await Promise.all(names.map((name) => store.hit(name, limit)))).toEqual(names.map(() => true))
    expect(await Promise.all(names.map((name) => store.hit(name, limit)))).toEqual(names.map(() => false))
  })
})
