import { randomBytes } from 'node:crypto'
import { Secret, toHex } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decodeEnvelope } from '../src/envelope/codec.ts'
import {
  destroyKeys,
  HsmRefusal,
  HsmUnavailable,
  kekJobs,
  type KeyRecord,
  type Keystore,
  type KeyState,
  openKeystore,
  provisionKeys,
  publishKeys,
  Unopenable,
} from '../src/index.ts'
import { findKey } from '../src/keys/locate-key.ts'
import { type TestedModule, testedModules } from './modules.ts'
import { makeRing, testedRings } from './several/ring-world.ts'
import { binding, needs, openWorld, pin, placeOf, rawSession, tenant } from './world.ts'

const modules = testedModules.filter(({ name }) => ['SoftHSM', 'SoftHSM in a process of its own', 'NSS'].includes(name))
const [softHsm] = modules as [TestedModule, ...TestedModule[]]
const lock = { binding, factor: pin('1234') }

const isKek = ({ job }: KeyRecord) => kekJobs.includes(job)
const inState = (keys: readonly KeyRecord[], version: number, state: KeyState): KeyRecord[] =>
  keys.map((key) => (isKek(key) && key.version === version ? { ...key, state } : key))
const sealerOf = (envelope: Uint8Array) => decodeEnvelope(envelope).recipients.map(({ version }) => version)

/** A token with both versions, and what opens it as somebody would who has read these records. */
async function twoVersions(module: TestedModule) {
  const world = await openWorld(module)
  const connection = { ...world.token, ...tenant }
  const made = await publishKeys({ tokens: [connection], existing: world.keys, version: 2 })
  const keys = [...world.keys, ...made]
  const open = async (...changes: readonly (readonly [number, KeyState])[]) => {
    const records = changes.reduce((all, [version, state]) => inState(all, version, state), keys)
    const keystore = await openKeystore({ ...connection, ...placeOf(module), keys: records, probeIntervalMs: 60_000 })
    onTestFinished(() => keystore.close())
    return keystore
  }
  return { ...world, connection, made, keys, open }
}

async function keepEverything(hsm: Keystore) {
  const large = new Secret(randomBytes(20_000))
  const issued = await hsm.issueKey(binding)
  const locked = await hsm.issueLockedKey(lock)
  return {
    small: await hsm.seal(new Secret('small'), binding),
    large: { value: large, envelope: await hsm.seal(large, binding) },
    issued: { value: await hsm.openKey(issued, binding), envelope: issued },
    locked: { value: await hsm.openLockedKey(lock, locked), ...locked },
    prepared: await hsm.prepareLock(lock),
  }
}
type Kept = Awaited<ReturnType<typeof keepEverything>>

async function expectReadable(hsm: Keystore, { small, large, issued, locked, prepared }: Kept) {
  expect((await hsm.open(small, binding)).equals(new Secret('small'))).toBe(true)
  expect((await hsm.open(large.envelope, binding)).equals(large.value)).toBe(true)
  expect((await hsm.openKey(issued.envelope, binding)).equals(issued.value)).toBe(true)
  expect((await hsm.openLockedKey(lock, locked))?.equals(locked.value ?? new Secret(''))).toBe(true)
  const relocked = await hsm.lockRecoveredKey(issued.value, binding, prepared)
  expect((await hsm.openLockedKey(lock, relocked))?.equals(issued.value)).toBe(true)
}

async function renewAll(hsm: Keystore, kept: Kept): Promise<Kept> {
  const renew = async (envelope: Uint8Array) => {
    expect(hsm.lacksRecipients(envelope)).toBe(true)
    const renewed = (await hsm.completeRecipients(envelope, binding)) ?? new Uint8Array()
    expect([sealerOf(renewed), hsm.lacksRecipients(renewed)]).toEqual([[2], false])
    return renewed
  }
  const { large, issued, locked, prepared } = kept
  return {
    small: await renew(kept.small),
    large: { ...large, envelope: await renew(large.envelope) },
    issued: { ...issued, envelope: await renew(issued.envelope) },
    locked: { ...locked, envelope: await renew(locked.envelope) },
    prepared: { ...prepared, envelope: await renew(prepared.envelope) },
  }
}

describe.each(modules)('versions of keys on $name', (module) => {
  test('published opens and does not seal, active seals, retired opens, and what is renewed needs the old one no more', async () => {
    const { keystore, open } = await twoVersions(module)
    const old = await keepEverything(keystore)
    const [published, active] = [await open(), await open([2, 'active'], [1, 'retired'])]
    const next = await keepEverything(active)
    expect(sealerOf(await published.seal(new Secret('x'), binding))).toEqual([1])
    expect([next.small, next.issued.envelope, next.locked.envelope].flatMap(sealerOf)).toEqual([2, 2, 2])
    for (const hsm of [published, active]) for (const kept of [old, next]) await expectReadable(hsm, kept)
    const renewed = await renewAll(active, old)
    const alone = await open([2, 'active'], [1, 'destroying'])
    await expectReadable(alone, renewed)
    await expectReadable(alone, next)
    await expect(alone.open(old.small, binding)).rejects.toThrow(Unopenable)
    await expect(alone.openKey(old.issued.envelope, binding)).rejects.toThrow(Unopenable)
    await expect(active.completeRecipients(old.issued.envelope, { ...binding, row: 'other' })).rejects.toThrow(
      Unopenable,
    )
  })

  test('what a crash left unrecorded is adopted, and what is recorded is not made again', async () => {
    const { keys: all, connection, made } = await twoVersions(module)
    expect(made.map(({ job, version, state }) => [job, version, state])).toEqual([
      ['seal', 2, 'published'],
      ['wrap', 2, 'published'],
    ])
    const before = all.filter(({ version }) => version === 1)
    const again = await publishKeys({ tokens: [connection], existing: before, version: 2 })
    const nameOf = ({ label, keyId = new Uint8Array() }: KeyRecord) => [label, toHex(keyId), keyId.length]
    expect(again.map(nameOf)).toEqual(made.map(nameOf))
    expect(again.map(({ keyId }) => keyId?.length)).toEqual([16, 16])
    expect(await publishKeys({ tokens: [connection], existing: all, version: 2 })).toEqual([])
  })

  test('destroyed is gone from the token with all its parts, may be asked for twice, and leaves the others', async () => {
    const { connection, token, keys, open } = await twoVersions(module)
    const records = inState(inState(keys, 2, 'active'), 1, 'destroying')
    const doomed = records.filter(({ state }) => state === 'destroying')
    const order = { tokens: [connection] as const, existing: records, doomed }
    expect((await destroyKeys(order)).map(({ job }) => job)).toEqual(['seal', 'wrap'])
    const session = rawSession(token)
    expect(doomed.map((record) => findKey({ session }, record))).toEqual([undefined, undefined])
    expect(await destroyKeys(order)).toEqual([])
    const left = await open([2, 'active'], [1, 'destroying'])
    expect(await left.open(await left.seal(new Secret('x'), binding), binding)).toHaveLength(1)
  })
})

test.each(modules)(
  'a pair that was issued is wrapped anew on $name, and signs as before when the old keys are gone',
  async (module) => {
    const { token, keys } = await openWorld(module)
    const connection = { ...token, ...tenant }
    const needed = [...needs, { job: 'wrap-pair', use: '' }] as const
    const first = [...keys, ...(await provisionKeys({ ...connection, needs: needed, existing: keys }))]
    const made = await publishKeys({ tokens: [connection], existing: first, version: 2 })
    expect(made.map(({ job }) => job)).toEqual(['seal', 'wrap', 'wrap-pair'])
    const open = async (records: readonly KeyRecord[]) => {
      const keystore = await openKeystore({ ...connection, ...placeOf(module), keys: records, probeIntervalMs: 60_000 })
      onTestFinished(() => keystore.close())
      return keystore
    }
    const { publicKey, envelope } = await (await open(first)).issueKeyPair('p256', binding)
    const both = inState(inState([...first, ...made], 2, 'active'), 1, 'retired')
    const renewed = (await (await open(both)).completeRecipients(envelope, binding)) ?? new Uint8Array()
    const alone = await open(inState(both, 1, 'destroying'))
    const pair = { curve: 'p256', envelope: renewed } as const
    expect(await alone.issuedPublicKey(pair, binding)).toEqual(publicKey)
    expect(await alone.signWithIssued(pair, binding, randomBytes(32))).toHaveLength(64)
    await expect(alone.signWithIssued({ ...pair, envelope }, binding, randomBytes(32))).rejects.toThrow(Unopenable)
  },
)

test('a key that the operator named, or that has another id than the recorded one, is never destroyed', async () => {
  const { connection, keys } = await twoVersions(softHsm)
  const [seal] = keys.filter(({ job }) => job === 'seal') as [KeyRecord]
  for (const [changes, reason] of [
    [{ label: 'pkcs11:id=%01' }, 'key-unfit'],
    [{ label: 'a key of the ceremony' }, 'key-unfit'],
    [{ keyId: new Uint8Array(20) }, 'key-unfit'],
    [{ keyId: new Uint8Array() }, 'key-unfit'],
    [{ keyId: randomBytes(16) }, 'key-mismatch'],
  ] as const) {
    const doomed = { ...seal, ...changes, state: 'destroying' as const }
    const existing = [...keys.filter((key) => key !== seal), doomed]
    const refusal = destroyKeys({ tokens: [connection], existing, doomed: [doomed] })
    await expect(refusal).rejects.toMatchObject({ reason })
  }
  const { keystore } = { keystore: await openKeystore({ ...connection, keys }) }
  onTestFinished(() => keystore.close())
  expect(sealerOf(await keystore.seal(new Secret('x'), binding))).toEqual([1])
})

test('of an operator’s key the operator names the next one', async () => {
  const { connection, keys } = await twoVersions(softHsm)
  const [named] = keys.filter(({ job }) => job === 'seal') as [KeyRecord]
  const found = [{ job: 'seal', use: '', label: named.label }] as const
  const refusal = publishKeys({ tokens: [connection], existing: keys, version: 3, found })
  await expect(refusal).rejects.toThrow('is named as the next one')
  const [next] = await publishKeys({
    tokens: [connection],
    existing: keys.filter(({ version, job }) => version === 1 || job !== 'seal'),
    version: 2,
    found: [{ job: 'seal', use: '', label: 'strongroom/vault/seal/v2' }],
  })
  expect(next).toMatchObject({ label: 'strongroom/vault/seal/v2', version: 2, state: 'published' })
})

test('with one of two tokens away nothing is published; with both, each has its own, and both renew', async () => {
  const world = await makeRing(
    testedRings[0] ??
      (() => {
        throw new Error('no ring')
      })(),
  )
  const tokens = world.tokens.map(({ options }) => options) as [
    (typeof world.tokens)[0]['options'],
    ...(typeof world.tokens)[0]['options'][],
  ]
  await world.tokens[1].soft.take()
  const away = publishKeys({ tokens, existing: world.keys, version: 2 })
  await expect(away).rejects.toSatisfy(
    (error) => error instanceof HsmUnavailable || (error instanceof HsmRefusal && error.reason === 'token-absent'),
  )
  await world.tokens[1].soft.bringBack()
  const made = await publishKeys({ tokens, existing: world.keys, version: 2 })
  expect(made.map(({ job, token }) => [job, token])).toEqual([
    ['seal', undefined],
    ['wrap', undefined],
    ['seal', 'ring-b'],
    ['wrap', 'ring-b'],
  ])
  const old = await (await world.open()).issueKey(binding)
  const keys = inState(inState([...world.keys, ...made], 2, 'active'), 1, 'retired')
  const both = await world.open({ keys })
  const value = await both.openKey(old, binding)
  const renewed = (await both.completeRecipients(old, binding)) ?? new Uint8Array()
  expect(sealerOf(renewed)).toEqual([2, 2])
  const without = await world.open({ keys: inState(keys, 1, 'destroying') })
  expect((await without.openKey(renewed, binding)).equals(value)).toBe(true)
})
