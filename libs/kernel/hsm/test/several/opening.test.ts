import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { describe, expect, test, vi } from 'vitest'
import { HsmUnavailable, type Keystore, Unopenable } from '../../src/index.ts'
import { decodeEnvelope } from '../../src/envelope/codec.ts'
import { binding, pin } from '../world.ts'
import { makeRing, testedRings, unplug, type RingToken } from './ring-world.ts'

const lock = { binding, factor: pin('1234') }
const next = { binding: { ...binding, version: 2 }, factor: pin('9876') }
const message = new Uint8Array(5)

/** Of each way of keeping: makes one, and opens it. */
const ways: Readonly<Record<string, (hsm: Keystore) => Promise<{ envelope: Uint8Array; open: Opening }>>> = {
  'a small value': (hsm) => sealed(hsm, 40),
  'a large value': (hsm) => sealed(hsm, 20_000),
  async 'an issued key'(hsm) {
    const envelope = await hsm.issueKey(binding)
    return { envelope, open: (by) => by.openKey(envelope, binding) }
  },
  async 'a locked key'(hsm) {
    const locked = await hsm.issueLockedKey(lock)
    return { envelope: locked.envelope, open: (by) => by.openLockedKey(lock, locked) }
  },
  async 'a relocked key'(hsm) {
    const locked = await hsm.relockKey(lock, await hsm.issueLockedKey(lock), next)
    if (locked === undefined) throw new Error('not relocked')
    return { envelope: locked.envelope, open: (by) => by.openLockedKey(next, locked) }
  },
  async 'a recovered key'(hsm) {
    const locked = await hsm.lockRecoveredKey(new Secret(randomBytes(32)), binding, await hsm.prepareLock(lock))
    return { envelope: locked.envelope, open: (by) => by.openLockedKey(lock, locked) }
  },
  async 'a prepared lock'(hsm) {
    const [key, prepared] = [new Secret(randomBytes(32)), await hsm.prepareLock(lock)]
    const open: Opening = async (by) => by.openLockedKey(lock, await by.lockRecoveredKey(key, binding, prepared))
    return { envelope: prepared.envelope, open }
  },
}

type Opening = (by: Keystore) => Promise<Secret | undefined>

async function sealed(hsm: Keystore, bytes: number) {
  const envelope = await hsm.seal(new Secret(randomBytes(bytes)), binding)
  return { envelope, open: (by: Keystore) => by.open(envelope, binding) }
}

describe.each(testedRings)('$name', (ring) => {
  test('each way of keeping opens by both, by either alone while the other is away, and to the same value', async () => {
    const world = await makeRing(ring)
    const hsm = await world.open()
    for (const [name, make] of Object.entries(ways)) {
      const { envelope, open } = await make(hsm)
      const held = {
        name,
        recipients: decodeEnvelope(envelope).recipients.length,
        lacks: hsm.lacksRecipients(envelope),
      }
      expect(held).toEqual({ name, recipients: 2, lacks: false })
      const value = await open(hsm)
      for (const away of world.tokens) {
        unplug(away)
        await untilAway(hsm, away)
        expect((await open(hsm))?.equals(value ?? new Secret('')), `${name}, without ${away.label}`).toBe(true)
        away.device.mend()
        await untilHealthy(hsm)
      }
    }
  })

  test('a value opens on each token alone, with no other token near', async () => {
    const world = await makeRing(ring)
    const hsm = await world.open()
    for (const [name, make] of Object.entries(ways)) {
      const { open } = await make(hsm)
      const value = await open(hsm)
      for (const token of world.tokens) {
        const alone = await world.openAlone(token)
        expect((await open(alone))?.equals(value ?? new Secret('')), `${name}, by ${token.label}`).toBe(true)
        await alone.close()
      }
    }
  })

  test('whichever call of one token fails, the other answers in the same call', async () => {
    const { open, tokens } = await makeRing(ring)
    const hsm = await open({ probeIntervalMs: 60_000 })
    const kept = await hsm.seal(new Secret('kept'), binding)
    const locked = await hsm.issueLockedKey(lock)
    const key = await hsm.openLockedKey(lock, locked)
    const mac = await hsm.mac('code', message)
    for (const token of tokens) {
      unplug(token)
      expect((await hsm.open(kept, binding)).equals(new Secret('kept'))).toBe(true)
      expect(await hsm.mac('code', message)).toEqual(mac)
      expect((await hsm.openLockedKey(lock, locked))?.equals(key ?? new Secret(''))).toBe(true)
      expect(await hsm.openLockedKey({ ...lock, factor: pin('0000') }, locked)).toBeUndefined()
      hsm.assertAvailable()
      token.device.mend()
      await untilHealthy(hsm)
    }
  })

  test('a value that only an absent token could open is an outage, and altered ones are told once all were asked', async () => {
    const { open, tokens } = await makeRing(ring)
    const hsm = await open()
    const [a, b] = tokens
    unplug(b)
    await untilAway(hsm, b)
    const onlyA = await hsm.seal(new Secret('kept'), binding)
    const locked = await hsm.issueLockedKey(lock)
    expect(decodeEnvelope(onlyA).recipients).toHaveLength(1)
    b.device.mend()
    await untilHealthy(hsm)
    unplug(a)
    await untilAway(hsm, a)
    await expect(hsm.open(onlyA, binding)).rejects.toThrow(HsmUnavailable)
    await expect(hsm.open(onlyA, { ...binding, row: 'other' })).rejects.toThrow(HsmUnavailable)
    await expect(hsm.openLockedKey(lock, locked)).rejects.toThrow(HsmUnavailable)
    expect(await hsm.openLockedKey({ ...lock, factor: pin('0000') }, locked)).toBeUndefined()
    a.device.mend()
    await untilHealthy(hsm)
    await expect(hsm.open(onlyA, { ...binding, row: 'other' })).rejects.toThrow(Unopenable)
    expect((await hsm.open(onlyA, binding)).equals(new Secret('kept'))).toBe(true)
  })

  test('one recipient that was altered does no harm, two of them do not open', async () => {
    const { open } = await makeRing(ring)
    const hsm = await open()
    const envelope = await hsm.seal(new Secret('kept'), binding)
    const { recipients } = decodeEnvelope(envelope)
    const [first, second] = recipients.map(({ sealed: bytes }) => Buffer.from(envelope).indexOf(bytes) + 14)
    const altered = (...places: (number | undefined)[]) =>
      envelope.map((byte, at) => (places.includes(at) ? byte ^ 1 : byte))
    for (const place of [first, second]) {
      expect((await hsm.open(altered(place), binding)).equals(new Secret('kept'))).toBe(true)
    }
    await expect(hsm.open(altered(first, second), binding)).rejects.toThrow(Unopenable)
    await expect(hsm.open(new Uint8Array(9), binding)).rejects.toThrow(Unopenable)
  })

  test('case 30: a PIN that was changed while one token was away never opens again, and the new one waits', async () => {
    const { open, tokens } = await makeRing(ring)
    const hsm = await open()
    const [a, b] = tokens
    const before = await hsm.issueLockedKey(lock)
    unplug(b)
    await untilAway(hsm, b)
    const after = await hsm.relockKey(lock, before, next)
    if (after === undefined) throw new Error('not relocked')
    b.device.mend()
    await untilHealthy(hsm)
    unplug(a)
    await untilAway(hsm, a)
    const old = { binding: next.binding, factor: lock.factor }
    expect(await hsm.openLockedKey(old, after)).toBeUndefined()
    expect(await hsm.fitsLock(old, after)).toBe(false)
    await expect(hsm.openLockedKey(next, after)).rejects.toThrow(HsmUnavailable)
    a.device.mend()
    await untilHealthy(hsm)
    expect(await hsm.openLockedKey(next, after)).toHaveLength(32)
    expect(await hsm.openLockedKey(old, after)).toBeUndefined()
  })

  test('with fewer healthy tokens than must hold a value nothing is kept, and what is kept opens', async () => {
    const { open, tokens } = await makeRing(ring)
    const hsm = await open({ minRecipients: 2 })
    const locked = await hsm.issueLockedKey(lock)
    const kept = await hsm.seal(new Secret('kept'), binding)
    const [, b] = tokens
    unplug(b)
    const attempts: (() => Promise<unknown>)[] = [
      () => hsm.seal(new Secret('x'), binding),
      () => hsm.seal(new Secret(randomBytes(9000)), binding),
      () => hsm.issueKey(binding),
      () => hsm.issueLockedKey(lock),
      () => hsm.relockKey(lock, locked, next),
      () => hsm.prepareLock(lock),
    ]
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow(HsmUnavailable)
    await untilAway(hsm, b)
    await expect(hsm.check()).rejects.toThrow(/1 of 2 tokens/)
    hsm.assertAvailable()
    expect((await hsm.open(kept, binding)).equals(new Secret('kept'))).toBe(true)
    expect(await hsm.openLockedKey(lock, locked)).toHaveLength(32)
    b.device.mend()
    await untilHealthy(hsm)
    for (const attempt of attempts) await expect(attempt()).resolves.toBeDefined()
    await hsm.check()
  })

  test('signatures are the first token’s: with it away they wait, with the other away they do not', async () => {
    const { open, tokens } = await makeRing(ring)
    const hsm = await open()
    const [a, b] = tokens
    const point = await hsm.publicKey('audit')
    unplug(b)
    await untilAway(hsm, b)
    expect(await hsm.sign('audit', message)).toHaveLength(64)
    b.device.mend()
    await untilHealthy(hsm)
    unplug(a)
    await untilAway(hsm, a)
    await expect(hsm.sign('audit', message)).rejects.toThrow(HsmUnavailable)
    a.device.mend()
    await untilHealthy(hsm)
    expect(await hsm.publicKey('audit')).toEqual(point)
  })

  test('with both away every call is an outage at once, and no guess is taken', async () => {
    const { open, tokens } = await makeRing(ring)
    const hsm = await open()
    const locked = await hsm.issueLockedKey(lock)
    for (const token of tokens) unplug(token)
    for (const token of tokens) await untilAway(hsm, token)
    expect(() => hsm.assertAvailable()).toThrow(HsmUnavailable)
    await expect(hsm.check()).rejects.toThrow(HsmUnavailable)
    await expect(hsm.openLockedKey(lock, locked)).rejects.toThrow(HsmUnavailable)
    for (const token of tokens) token.device.mend()
    await untilHealthy(hsm)
    expect(await hsm.openLockedKey(lock, locked)).toHaveLength(32)
  })
})

const stateOf = (hsm: Keystore, { label }: RingToken) => hsm.tokens().find((one) => one.label === label)?.state

const untilAway = (hsm: Keystore, token: RingToken) =>
  vi.waitFor(() => expect(stateOf(hsm, token)).toBe('away'), { timeout: 60_000, interval: 5 })

const untilHealthy = (hsm: Keystore) =>
  vi.waitFor(() => expect(hsm.tokens().every(({ state }) => state === 'healthy')).toBe(true), {
    timeout: 60_000,
    interval: 5,
  })
