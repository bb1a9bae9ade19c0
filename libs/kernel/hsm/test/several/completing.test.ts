import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { describe, expect, test } from 'vitest'
import { HsmUnavailable, type KeyRecord, sealForRecovery, Unopenable } from '../../src/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/envelope/codec.ts'
import { makeCheckValue } from '../../src/keys/check-value.ts'
import { findKey } from '../../src/keys/locate-key.ts'
import { makeKey } from '../../src/keys/make-key.ts'
import { proveCapabilities } from '../../src/strategies/capabilities.ts'
import { binding, makeRecoveryWorld, pin, rawSession, tenant } from '../world.ts'
import { makeRing, type RingToken, type TestedRing, testedRings } from './ring-world.ts'

const lock = { binding, factor: pin('1234') }
const [softHsm, inProcess, mixed] = testedRings as [TestedRing, TestedRing, TestedRing]

describe.each([softHsm, inProcess, mixed])('recipients on $name', (ring) => {
  test('whatever was kept by one token alone is held by both afterwards, with its body as it was', async () => {
    const world = await makeRing(ring)
    const hsm = await world.open()
    for (const [at, token] of world.tokens.entries()) {
      const other = world.tokens[1 - at] ?? token
      const alone = await world.openAlone(token)
      const small = await alone.seal(new Secret('small'), binding)
      const bytes = new Secret(randomBytes(30_000))
      const large = await alone.seal(bytes, binding)
      const issued = await alone.issueKey(binding)
      const key = await alone.openKey(issued, binding)
      const locked = await alone.issueLockedKey(lock)
      const prepared = await alone.prepareLock(lock)
      await alone.close()
      const completed = async (envelope: Uint8Array) => {
        expect(hsm.lacksRecipients(envelope)).toBe(true)
        const complete = await hsm.completeRecipients(envelope, binding)
        if (complete === undefined) throw new Error('nothing was missing')
        expect(hsm.lacksRecipients(complete)).toBe(false)
        expect(await hsm.completeRecipients(complete, binding)).toBeUndefined()
        expect(decodeEnvelope(complete).recipients).toHaveLength(2)
        expect(decodeEnvelope(complete).body).toEqual(decodeEnvelope(envelope).body)
        return complete
      }
      const all = {
        small: await completed(small),
        large: await completed(large),
        issued: await completed(issued),
        locked: { ...locked, envelope: await completed(locked.envelope) },
        prepared: { ...prepared, envelope: await completed(prepared.envelope) },
      }
      const there = await world.openAlone(other)
      expect((await there.open(all.small, binding)).equals(new Secret('small'))).toBe(true)
      expect((await there.open(all.large, binding)).equals(bytes)).toBe(true)
      expect((await there.openKey(all.issued, binding)).equals(key)).toBe(true)
      expect(await there.openLockedKey(lock, all.locked)).toHaveLength(32)
      const relocked = await there.lockRecoveredKey(key, binding, all.prepared)
      expect((await there.openLockedKey(lock, relocked))?.equals(key)).toBe(true)
      await there.close()
    }
  })

  test('nothing is completed for another row, and what nobody opens stays as it is', async () => {
    const { open, tokens, openAlone } = await makeRing(ring)
    const hsm = await open()
    const alone = await openAlone(tokens[0])
    const [kept, issued] = [await alone.seal(new Secret('kept'), binding), await alone.issueKey(binding)]
    await alone.close()
    for (const envelope of [kept, issued]) {
      await expect(hsm.completeRecipients(envelope, { ...binding, row: 'other' })).rejects.toThrow(Unopenable)
      const altered = envelope.with(envelope.length - 6, (envelope.at(-6) ?? 0) ^ 1)
      await expect(hsm.completeRecipients(altered, binding)).rejects.toThrow(Unopenable)
    }
    expect(() => hsm.lacksRecipients(new Uint8Array(3))).toThrow(Unopenable)
  })

  test('recipients of unknown keys are dropped, but not for one that does not open', async () => {
    const [world, elsewhere] = [await makeRing(ring), await makeRing(softHsm)]
    const hsm = await world.open()
    const ours = decodeEnvelope(await hsm.seal(new Secret('kept'), binding))
    const foreign = decodeEnvelope(await (await elsewhere.open()).seal(new Secret('kept'), binding))
    const both = encodeEnvelope({ ...ours, recipients: [...foreign.recipients, ...ours.recipients] })
    expect(hsm.lacksRecipients(both)).toBe(true)
    const complete = await hsm.completeRecipients(both, binding)
    expect(complete).toEqual(encodeEnvelope(ours))
    const broken = ours.recipients.map((one) => ({ ...one, sealed: one.sealed.with(20, (one.sealed[20] ?? 0) ^ 1) }))
    const unsure = encodeEnvelope({ ...ours, recipients: [...foreign.recipients, ...broken] })
    await expect(hsm.completeRecipients(unsure, binding)).rejects.toThrow(Unopenable)
    const none = encodeEnvelope({ ...foreign })
    await expect(hsm.completeRecipients(none, binding)).rejects.toThrow(Unopenable)
  })

  test('what an older seal key sealed is sealed by the newer one, on every token that has one', async () => {
    const { open, tokens, keys } = await makeRing(ring)
    const before = await open()
    const [kept, issued] = [await before.seal(new Secret('kept'), binding), await before.issueKey(binding)]
    const locked = await before.issueLockedKey(lock)
    await before.close()
    const [a, b] = tokens
    const renewedKeys = [...keys, newSealKey(a, keys), { ...newSealKey(b, keys), token: b.label }]
    const hsm = await open({ keys: renewedKeys })
    for (const envelope of [kept, issued, locked.envelope]) {
      expect(hsm.lacksRecipients(envelope)).toBe(true)
      const complete = (await hsm.completeRecipients(envelope, binding)) ?? envelope
      expect(decodeEnvelope(complete).recipients.map(({ version }) => version)).toEqual([2, 2])
      expect(hsm.lacksRecipients(complete)).toBe(false)
    }
    const complete = (await hsm.completeRecipients(locked.envelope, binding)) ?? locked.envelope
    expect(await hsm.openLockedKey(lock, { ...locked, envelope: complete })).toHaveLength(32)
  })

  test('what is of a token that is away stays until it is back', async () => {
    const { open, tokens, keys, openAlone } = await makeRing(ring)
    const [a, b] = tokens
    const alone = await openAlone(a)
    const onlyA = await alone.seal(new Secret('kept'), binding)
    await alone.close()
    const before = await open()
    const both = await before.seal(new Secret('kept'), binding)
    await before.close()
    const hsm = await open({ keys: [...keys, newSealKey(a, keys)] })
    a.device.fail(['C_Sign', 'C_Encrypt', 'C_Decrypt', 'C_OpenSession', 'C_Initialize'], { name: 'X', code: 0x32 })
    await expect(hsm.check()).resolves.toBeUndefined()
    await expect.poll(() => hsm.tokens()[0]?.state).toBe('away')
    // Its recipient is of an older key, but only it could renew it.
    expect(hsm.lacksRecipients(both)).toBe(false)
    await expect(hsm.completeRecipients(onlyA, binding)).rejects.toThrow(HsmUnavailable)
    a.device.mend()
    await expect.poll(() => hsm.tokens()[0]?.state).toBe('healthy')
    expect(hsm.lacksRecipients(both)).toBe(true)
    const complete = (await hsm.completeRecipients(both, binding)) ?? both
    expect(decodeEnvelope(complete).recipients.map(({ version }) => version)).toEqual([1, 2])
    expect(b.label).toBe('ring-b')
  })
})

test('a copy for a recovery token is none of this', async () => {
  const [{ open }, { publicKey, token }] = [await makeRing(softHsm), await makeRecoveryWorld(softHsm.modules[0])]
  const hsm = await open()
  const copy = sealForRecovery(publicKey, new Secret('kept'), { ...tenant, binding })
  expect(() => hsm.lacksRecipients(copy)).toThrow(Unopenable)
  await expect(hsm.completeRecipients(copy, binding)).rejects.toThrow(Unopenable)
  await token.remove()
})

/** Version 2, made on the token beside version 1. */
function newSealKey({ soft, options }: RingToken, keys: readonly KeyRecord[]): KeyRecord {
  const first = keys.find(({ job, token = 'ring-a' }) => job === 'seal' && token === options.tokenLabel)
  if (first === undefined) throw new Error('no seal key')
  const { token: _, checkValue: __, ...known } = first
  const record = { ...known, version: 2, label: known.label.replace('/v1', '/v2') }
  const session = rawSession(soft)
  const capabilities = proveCapabilities(() => rawSession(soft))
  const mechanismLists = isNss(soft) ? 'ignored' : 'honoured'
  makeKey({ session, capabilities, mechanismLists, software: true }, record)
  const handle = findKey({ session }, record)
  if (handle === undefined) throw new Error('not made')
  return { ...record, checkValue: makeCheckValue({ session, capabilities, record, handles: { key: handle } }) }
}

const isNss = ({ module }: RingToken['soft']): boolean => module.libraryParameters !== undefined
