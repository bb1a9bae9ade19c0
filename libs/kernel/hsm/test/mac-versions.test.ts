import { Secret, toUtf8 } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decodeEnvelope, encodeEnvelope } from '../src/envelope/codec.ts'
import { encodeLockVersion } from '../src/envelope/lock-version.ts'
import {
  type KeyRecord,
  type Keystore,
  type KeyState,
  lockVersionOf,
  openKeystore,
  publishMacKey,
} from '../src/index.ts'
import { recordsOf } from '../src/several/token-records.ts'
import { injectFaults } from '../src/testing/module-faults.ts'
import { inlineModules, testedModules, type TestedModule } from './modules.ts'
import { makeRing, testedRings } from './several/ring-world.ts'
import { binding, openWorld, pin, tenant } from './world.ts'

const right = { binding, factor: pin('4829') }
const wrong = { binding, factor: pin('0000') }
const next = { binding: { ...binding, version: 2 }, factor: pin('7777') }

const inState = (keys: readonly KeyRecord[], use: string, states: readonly (KeyState | undefined)[]) =>
  keys.flatMap((key) => {
    if (key.job !== 'mac' || key.use !== use) return [key]
    const state = states[key.version - 1]
    return state === undefined ? [] : [{ ...key, state }]
  })

/** A keystore on two versions of the MAC key of that use, in those states. */
async function twoVersions(module: TestedModule, use: string) {
  const { token, keys, keystore: before, open } = await openWorld(module)
  const [connection] = [{ ...token, ...tenant }]
  const made = await publishMacKey({ tokens: [connection], existing: keys, use, version: 2 })
  const all = [...keys, ...made]
  const openIn = (...states: readonly (KeyState | undefined)[]) => open({ keys: inState(all, use, states) })
  return { token, before, made, openIn, all, connection }
}

const altered = (envelope: Uint8Array, version: number): Uint8Array =>
  encodeEnvelope({ ...decodeEnvelope(envelope), body: encodeLockVersion(version) })

describe.each(testedModules)('versions of MAC keys on $name', (module) => {
  test('a published one is loaded and makes nothing; made twice it is made once', async () => {
    const { before, made, openIn, all, connection } = await twoVersions(module, 'lock')
    expect(made).toMatchObject([{ job: 'mac', use: 'lock', version: 2, state: 'published' }])
    expect(await publishMacKey({ tokens: [connection], existing: all, use: 'lock', version: 2 })).toEqual([])
    const locked = await (await openIn('active', 'published')).issueLockedKey(right)
    expect(lockVersionOf(locked.envelope)).toBe(1)
    expect(await before.openLockedKey(right, locked)).toBeDefined()
  })

  test('a lock opens by the version that locked it, to its factor alone, and is locked anew by the newest', async () => {
    const { before, openIn } = await twoVersions(module, 'lock')
    const old = await before.issueLockedKey(right)
    const key = await before.openLockedKey(right, old)
    const prepared = await before.prepareLock(right)
    const keystore = await openIn('retired', 'active')

    expect((await keystore.openLockedKey(right, old))?.equals(key ?? new Secret(''))).toBe(true)
    expect(await keystore.openLockedKey(wrong, old)).toBeUndefined()
    const moved = await keystore.relockKey(right, old, next)
    expect(await keystore.relockKey(wrong, old, next)).toBeUndefined()
    expect([old, moved].map((one) => one && lockVersionOf(one.envelope))).toEqual([1, 2])
    if (key === undefined || moved === undefined) throw new Error('no key')
    expect((await keystore.openLockedKey(next, moved))?.equals(key)).toBe(true)
    // Prepared by the old version, and a lock of that version still.
    const recovered = await keystore.lockRecoveredKey(key, binding, prepared)
    expect(lockVersionOf(recovered.envelope)).toBe(1)
    expect((await keystore.openLockedKey(right, recovered))?.equals(key)).toBe(true)

    const without = await openIn(undefined, 'active')
    expect((await without.openLockedKey(next, moved))?.equals(key)).toBe(true)
    await expect(without.openLockedKey(right, old)).rejects.toMatchObject({ name: 'Unopenable' })
    await expect(without.fitsLock(wrong, old)).rejects.toMatchObject({ name: 'Unopenable' })
  })

  test('a version that was altered fits nothing, and what is no lock is guessed at like one', async () => {
    const { before, openIn } = await twoVersions(module, 'lock')
    const old = await before.issueLockedKey(right)
    const keystore = await openIn('retired', 'active')
    expect(await keystore.openLockedKey(right, { ...old, envelope: altered(old.envelope, 2) })).toBeUndefined()
    const fresh = await keystore.issueLockedKey(right)
    expect(await keystore.openLockedKey(right, { ...fresh, envelope: altered(fresh.envelope, 1) })).toBeUndefined()
    expect(await keystore.fitsLock(right, { verifier: new Uint8Array(32), envelope: new Uint8Array() })).toBe(false)
  })

  test('MACs by every version come newest first, whatever their state; one alone is by the newest active', async () => {
    const { before, openIn } = await twoVersions(module, 'code')
    const message = toUtf8('123456')
    const first = await before.mac('code', message)
    expect(await before.macs('code', message)).toEqual([{ version: 1, isCurrent: true, mac: first }])
    const ahead = await openIn('active', 'published')
    const [second, ...others] = await ahead.macs('code', message)
    expect(others).toEqual([{ version: 1, isCurrent: true, mac: first }])
    expect(second).toMatchObject({ version: 2, isCurrent: false })
    expect(second?.mac).not.toEqual(first)
    expect(await ahead.mac('code', message)).toEqual(first)
    const after = await openIn('retired', 'active')
    expect(await after.mac('code', message)).toEqual(second?.mac)
    const [newest, oldest] = await after.macs('code', message)
    expect(newest).toEqual({ ...second, isCurrent: true })
    expect(oldest).toEqual({ version: 1, isCurrent: false, mac: first })
    await expect(after.macs('lock', message)).rejects.toMatchObject({ reason: 'key-undeclared' })
    await expect(after.macs('other', message)).rejects.toMatchObject({ reason: 'key-undeclared' })
  })
})

describe.each(inlineModules)('the trace of a guess on $name', (module) => {
  test('is one MAC, whichever version locked, and where nothing is locked', async () => {
    const { token, before, openIn } = await twoVersions(module, 'lock')
    const old = await before.issueLockedKey(right)
    await before.close()
    const keystore = await openIn('retired', 'active')
    const fresh = await keystore.issueLockedKey(right)
    const nothing = { verifier: new Uint8Array(32), envelope: new Uint8Array() }
    const faults = injectFaults(token.module)
    onTestFinished(() => faults.release())
    for (const locked of [old, fresh, nothing]) {
      const [signs, all] = [faults.calls('C_Sign'), faults.calls()]
      expect(await keystore.openLockedKey(wrong, locked)).toBeUndefined()
      expect([faults.calls('C_Sign') - signs, faults.calls() - all]).toEqual([1, 2])
    }
  })
})

describe.each(testedRings)('versions of MAC keys on $name', (ring) => {
  test('are the same on both tokens, so that either verifies', async () => {
    const { tokens, keys } = await makeRing(ring)
    const [a, b] = tokens
    const options = [a.options, b.options] as const
    const made = await publishMacKey({ tokens: options, existing: keys, use: 'lock', version: 2 })
    expect(made).toHaveLength(2)
    expect(made[0]?.checkValue).toEqual(made[1]?.checkValue)
    const active = inState([...keys, ...made], 'lock', ['retired', 'active'])
    const both: Keystore = await openKeystore({ tokens: options, keys: active })
    onTestFinished(() => both.close())
    const locked = await both.issueLockedKey(right)
    expect(lockVersionOf(locked.envelope)).toBe(2)
    const prepared = await both.prepareLock(right)
    expect(lockVersionOf(prepared.envelope)).toBe(2)
    await both.close()
    const alone = await openKeystore({
      ...b.options,
      keys: recordsOf(active, { label: b.label, first: a.label }),
      executor: 'inline',
    })
    onTestFinished(() => alone.close())
    expect(await alone.openLockedKey(wrong, locked)).toBeUndefined()
    expect(await alone.openLockedKey(right, locked)).toBeDefined()
  })
})
