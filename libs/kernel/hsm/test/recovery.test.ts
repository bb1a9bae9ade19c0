import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { Secret, toBase64url, toHex } from '@strongroom/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Binding, type RecoveryPublicKey, sealForRecovery, Unopenable } from '../src/index.ts'
import { bindBody, digestRecipient } from '../src/envelope/associated-data.ts'
import { decodeEnvelope, encodeEnvelope } from '../src/envelope/codec.ts'
import type { Envelope } from '../src/envelope/envelope.ts'
import { encryptBody } from '../src/operations/data-key.ts'
import { recoverStrategyNamed } from '../src/strategies/rsa-oaep.ts'
import { testedModules } from './modules.ts'
import { binding, makeRecoveryWorld, openWorld, otherBindings, pin } from './world.ts'
import { type RecoveryWorld, tenant } from './world.ts'

const secret = new Secret(new Uint8Array(32).fill(0x5a))
const elsewhere = { ...binding, row: 'row-2' }
const label = 'strongroom/vault/recover/v1'
const recoverNeed = { job: 'recover', use: '' } as const

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 0x01 : byte))

describe.each(testedModules)('recovery copies on $name', (module) => {
  let here: RecoveryWorld
  let there: RecoveryWorld
  beforeAll(async () => {
    here = await makeRecoveryWorld(module)
    there = await makeRecoveryWorld(module)
  })
  afterAll(async () => {
    await here.token.remove()
    await there.token.remove()
  })
  const copy = (value = secret, at = binding): Uint8Array =>
    sealForRecovery(here.publicKey, value, { ...tenant, binding: at })

  test('a copy opens on the token of the recovery key, after a restart as well', async () => {
    const recovery = await here.open()
    const again = await here.open()
    for (const length of [0, 1, 32, 4068]) {
      const value = new Secret(new Uint8Array(length).fill(7))
      const envelope = copy(value)
      expect((await recovery.open(envelope, binding)).equals(value), `${length} bytes`).toBe(true)
      expect((await again.open(envelope, binding)).equals(value)).toBe(true)
    }
    expect(() => copy(new Secret(new Uint8Array(4069)))).toThrow(/at most/)
    expect(copy()).not.toEqual(copy())
  })

  test('the record says how, and holds no secret: a hash of the public key', () => {
    expect(here.keys).toMatchObject([{ ...recoverNeed, version: 1, label, strategy: module.recovery }])
    expect(here.publicKey).toMatchObject({ version: 1, strategy: module.recovery })
  })

  test.each(otherBindings)('a copy of another %s does not open', async (_field, other) => {
    const recovery = await here.open()
    await expect(recovery.open(copy(), other)).rejects.toThrow(Unopenable)
    await expect(recovery.open(copy(secret, other), binding)).rejects.toThrow(Unopenable)
  })

  test('a copy of another app or deployment does not open', async () => {
    const recovery = await here.open()
    for (const other of [{ app: 'sibling' }, { deployment: 'staging' }]) {
      const foreign = sealForRecovery(here.publicKey, secret, { ...tenant, ...other, binding })
      await expect(recovery.open(foreign, binding)).rejects.toThrow(Unopenable)
      await expect((await here.open(other)).open(copy(), binding)).rejects.toThrow(Unopenable)
    }
  })

  test('another recovery key opens nothing, whichever key the envelope names', async () => {
    const [recovery, other] = [await here.open(), await there.open()]
    const envelope = copy()
    await expect(other.open(envelope, binding)).rejects.toThrow(Unopenable)
    const renamed = changed(envelope, { keyId: there.publicKey.keyId })
    await expect(other.open(renamed, binding)).rejects.toThrow(Unopenable)
    const misnamed = sealForRecovery({ ...there.publicKey, keyId: here.publicKey.keyId }, secret, {
      ...tenant,
      binding,
    })
    await expect(recovery.open(misnamed, binding)).rejects.toThrow(Unopenable)
    await expect(recovery.open(changed(envelope, { version: 2 }), binding)).rejects.toThrow(Unopenable)
  })

  test('a copy with any part changed, cut off or added does not open, and the token stays in service', async () => {
    const recovery = await here.open()
    const envelope = copy()
    const rsaStart = envelope.length - 384 - 64
    for (let at = 0; at < envelope.length; at++) {
      // Each refusal inside the RSA part costs a real canary: a few bytes stand for all.
      if (at > rsaStart && at < envelope.length - 64 && at % 96 !== 0) continue
      await expect(recovery.open(flip(envelope, at), binding), `byte ${at}`).rejects.toThrow(Unopenable)
    }
    const damaged = [envelope.slice(0, -1), Uint8Array.of(...envelope, 0), new Uint8Array(), envelope.slice(0, 40)]
    for (const bytes of damaged) await expect(recovery.open(bytes, binding)).rejects.toThrow(Unopenable)
    for (const sealed of [new Uint8Array(), new Uint8Array(384), new Uint8Array(384).fill(255), randomBytes(500)]) {
      await expect(recovery.open(changed(envelope, { sealed }), binding)).rejects.toThrow(Unopenable)
    }
    expect((await recovery.open(envelope, binding)).equals(secret)).toBe(true)
  })

  const forge = (places: ForgedPlaces, tail = new Uint8Array()) => forgeFor(here.publicKey, { ...places, tail })

  describe('who holds the public key alone', () => {
    test('cannot move a data key, or a body, to another row', async () => {
      const recovery = await here.open()
      const [owners, planted] = [decodeEnvelope(copy()), decodeEnvelope(copy(secret, elsewhere))]
      const mixed: Envelope[] = [
        { ...planted, body: owners.body },
        { ...planted, recipients: owners.recipients },
      ]
      for (const envelope of [owners, ...mixed]) {
        await expect(recovery.open(encodeEnvelope(envelope), elsewhere)).rejects.toThrow(Unopenable)
      }
    })

    test('needs both bindings right: beside the data key and around the body', async () => {
      const recovery = await here.open()
      const open = (envelope: Uint8Array) => recovery.open(envelope, elsewhere)
      await expect(open(forge({ digest: binding, body: elsewhere }))).rejects.toThrow(Unopenable)
      await expect(open(forge({ digest: elsewhere, body: binding }))).rejects.toThrow(Unopenable)
      await expect(open(forge({ digest: elsewhere, body: elsewhere }, new Uint8Array(1)))).rejects.toThrow(Unopenable)
    })

    test('can plant a copy of his own in a row, which opens to his key and never to the owner’s', async () => {
      const recovery = await here.open()
      const planted = await recovery.open(forge({ digest: elsewhere, body: elsewhere }), elsewhere)
      expect(planted.equals(secret)).toBe(true)
    })
  })

  test('a copy opens as nothing else, and nothing else as a copy, whatever kind it says it is', async () => {
    const recovery = await here.open()
    const { keystore } = await openWorld(module)
    const { verifier, envelope: prepared } = await keystore.prepareLock({ binding, factor: pin('1234') })
    const sealed = [prepared, await keystore.seal(secret, binding), await keystore.issueKey(binding)]
    for (let kind = 0; kind < 8; kind++) {
      const disguise = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 1 ? kind : byte))
      const envelope = disguise(copy())
      await expect(keystore.open(envelope, binding)).rejects.toThrow(Unopenable)
      await expect(keystore.openKey(envelope, binding)).rejects.toThrow(Unopenable)
      const asPrepared = keystore.lockRecoveredKey(secret, binding, { verifier, envelope })
      await expect(asPrepared).rejects.toThrow(Unopenable)
      const opens = await recovery.open(envelope, binding).then(
        () => true,
        (error: unknown) => !(error instanceof Unopenable),
      )
      expect(opens).toBe(kind === 6)
      for (const other of sealed) {
        await expect(recovery.open(disguise(other), binding)).rejects.toThrow(Unopenable)
      }
    }
  })

  test('a copy becomes a key locked with a factor that was prepared before', async () => {
    const recovery = await here.open()
    const { keystore } = await openWorld(module)
    const forgotten = { binding, factor: pin('forgotten') }
    const key = await keystore.openLockedKey(forgotten, await keystore.issueLockedKey(forgotten))
    if (!key) throw new Error('the factor did not fit')
    const envelope = copy(key)
    const next = { binding: { ...binding, version: 2 }, factor: pin('new') }
    const prepared = await keystore.prepareLock(next)
    const locked = await keystore.lockRecoveredKey(await recovery.open(envelope, binding), next.binding, prepared)
    expect((await keystore.openLockedKey(next, locked))?.equals(key)).toBe(true)
  })

  test('neither errors nor objects print the secret or the PIN', async () => {
    const recovery = await here.open()
    const failures = [
      () => recovery.open(copy(), elsewhere),
      () => recovery.open(copy().slice(1), binding),
      () => Promise.resolve().then(() => copy(new Secret(new Uint8Array(5000)))),
    ].map((attempt) => attempt().catch((error: unknown) => error))
    const opened = await recovery.open(copy(), binding)
    const printed = inspect([await Promise.all(failures), opened, recovery], { depth: 20, showHidden: true })
    for (const bytes of [secret.expose(), here.token.pin.expose()]) {
      for (const form of [toHex(bytes), toBase64url(bytes), bytes.join(', ')]) expect(printed).not.toContain(form)
    }
  })
})

const place = (at: Binding) => ({ tenant, binding: at, kind: 'recovery' as const })

interface ForgedPlaces {
  readonly digest: Binding
  readonly body: Binding
}

/** An envelope whose two bindings its maker chose apart. */
function forgeFor(publicKey: RecoveryPublicKey, places: ForgedPlaces & { tail: Uint8Array }): Uint8Array {
  const { spki, keyId, version, strategy } = publicKey
  const [name, dataKey] = [{ keyId, version, strategy }, randomBytes(32)]
  const digest = digestRecipient(place(places.digest), name)
  const sealed = recoverStrategyNamed(strategy).seal(spki, Buffer.concat([dataKey, digest, places.tail]))
  const body = encryptBody(dataKey, { plaintext: secret.expose(), associated: bindBody(place(places.body)) })
  return encodeEnvelope({ kind: 'recovery', recipients: [{ ...name, sealed }], body })
}

/** The envelope with fields of its one recipient replaced. */
function changed(bytes: Uint8Array, fields: Partial<Envelope['recipients'][0]>): Uint8Array {
  const { recipients, ...rest } = decodeEnvelope(bytes)
  return encodeEnvelope({ ...rest, recipients: [{ ...recipients[0], ...fields }] })
}
