import { deepEqual, equal, notDeepEqual, rejects, throws } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { bindBody, digestRecipient } from '../../envelope/associated-data.ts'
import { decodeEnvelope, encodeEnvelope } from '../../envelope/codec.ts'
import { type Envelope, envelopeKinds } from '../../envelope/envelope.ts'
import { HsmUnavailable } from '../../errors.ts'
import type { Binding, RecoveryPublicKey } from '../../keystore.ts'
import { encryptBody } from '../../operations/data-key.ts'
import { sealForRecovery } from '../../seal-for-recovery.ts'
import { recoverStrategyNamed } from '../../strategies/rsa-oaep.ts'
import { damages, everyFlip, given, isRefused, opensNot, sameSecret, secretOf } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'
import { binding, otherBindings, type RecoveryKeys, type Trial } from '../trial.ts'
import { untilHealed } from '../until-healed.ts'

const secret = secretOf(32, 0x5a)
const elsewhere = { ...binding, row: 'row-2' }

/** Makes copies for the first recovery key. */
async function copier({ connection: { deployment, app }, recovery }: Trial) {
  const here = await recovery('here')
  const copy = (value = secret, at: Partial<Tenancy> = {}): Uint8Array =>
    sealForRecovery(here.publicKey, value, { deployment, app, binding, ...at })
  return { here, copy, keystore: await here.shared() }
}

interface Tenancy {
  readonly deployment: string
  readonly app: string
  readonly binding: Binding
}

export const recovery = promisesOf(
  { area: 'recovery copies', needs: ['recover'] },
  {
    'a copy opens on the token of the recovery key, after a restart as well': async (trial) => {
      const { here, copy, keystore } = await copier(trial)
      const again = await here.open()
      for (const length of [0, 1, 32, 4068]) {
        const value = secretOf(length)
        const envelope = copy(value)
        sameSecret(await keystore.open(envelope, binding), value, `${length} bytes`)
        sameSecret(await again.open(envelope, binding), value, `${length} bytes after a restart`)
      }
      throws(() => copy(secretOf(4069)), /at most/)
      notDeepEqual(copy(), copy())
    },

    'the record says how, and names the key': async (trial) => {
      const { keys, publicKey } = await trial.recovery('here')
      const { label, job, use, version, strategy } = given(keys[0], 'recovery key')
      const app = trial.connection.app
      const { name } = trial.capabilities.recover()
      deepEqual([job, use, version, label, strategy], ['recover', '', 1, `strongroom/${app}/recover/v1`, name])
      deepEqual([publicKey.version, publicKey.strategy], [1, name])
    },

    'a copy of another row, owner, purpose, version, app or deployment does not open': async (trial) => {
      const { here, copy, keystore } = await copier(trial)
      for (const other of otherBindings) {
        await opensNot(keystore.open(copy(), other), 'a copy of here')
        await opensNot(keystore.open(copy(secret, { binding: other }), binding), 'a copy of elsewhere')
      }
      for (const other of [{ app: 'sibling' }, { deployment: 'staging' }]) {
        await opensNot(keystore.open(copy(secret, other), binding), 'a copy of others')
        await opensNot((await here.open(other)).open(copy(), binding), 'a copy of ours')
      }
    },

    'another recovery key opens nothing, whichever key the envelope names': async (trial) => {
      const { here, copy, keystore } = await copier(trial)
      const there = await trial.recovery('there')
      const other = await there.shared()
      await opensNot(other.open(copy(), binding), 'a copy for another key')
      await opensNot(other.open(changed(copy(), { keyId: there.publicKey.keyId }), binding), 'a renamed copy')
      const { deployment, app } = trial.connection
      const misnamed = { ...there.publicKey, keyId: here.publicKey.keyId }
      await opensNot(
        keystore.open(sealForRecovery(misnamed, secret, { deployment, app, binding }), binding),
        'a misnamed copy',
      )
      await opensNot(keystore.open(changed(copy(), { version: 2 }), binding), 'a copy of another version')
    },

    'a copy with any part changed, cut off or added does not open, and the token stays in service': async (trial) => {
      const { copy, keystore } = await copier(trial)
      const envelope = copy()
      const [sealedAt, sealedEnd] = [envelope.length - 384 - 64, envelope.length - 64]
      // Each refusal inside the RSA part costs a real canary: a few bytes stand for all.
      const flips = everyFlip(envelope).filter((_, at) => at <= sealedAt || at >= sealedEnd || at % 96 === 0)
      for (const damaged of [...flips, ...damages(envelope, 20)]) {
        await opensNot(keystore.open(damaged, binding), 'a damaged copy')
      }
      for (const sealed of [new Uint8Array(), new Uint8Array(384), new Uint8Array(384).fill(255), randomBytes(500)]) {
        await opensNot(keystore.open(changed(envelope, { sealed }), binding), 'a copy with another data key')
      }
      sameSecret(await keystore.open(envelope, binding), secret, 'the copy itself')
    },

    'who holds the public key alone cannot move a data key, or a body, to another row': async (trial) => {
      const { here, copy, keystore } = await copier(trial)
      const [owners, planted] = [decodeEnvelope(copy()), decodeEnvelope(copy(secret, { binding: elsewhere }))]
      const mixed: Envelope[] = [
        owners,
        { ...planted, body: owners.body },
        { ...planted, recipients: owners.recipients },
      ]
      for (const envelope of mixed) await opensNot(keystore.open(encodeEnvelope(envelope), elsewhere), 'a mixed copy')
      const forge = (places: { digest: Binding; body: Binding }, tail = new Uint8Array()) =>
        forged(here, trial, { ...places, tail })
      await opensNot(keystore.open(forge({ digest: binding, body: elsewhere }), elsewhere), 'another digest')
      await opensNot(keystore.open(forge({ digest: elsewhere, body: binding }), elsewhere), 'another body')
      const longer = forge({ digest: elsewhere, body: elsewhere }, new Uint8Array(1))
      await opensNot(keystore.open(longer, elsewhere), 'a longer payload')
      // He can plant a copy of his own: it opens to his key, and never to the owner's.
      sameSecret(await keystore.open(forge({ digest: elsewhere, body: elsewhere }), elsewhere), secret, 'his own copy')
    },

    'another recovery key under the label refuses to start': async (trial) => {
      const { here } = await copier(trial)
      const there = await trial.recovery('there')
      const checkValue = given(there.keys[0], 'recovery key').checkValue
      await isRefused(here.open({ keys: here.keys.map((key) => ({ ...key, checkValue })) }), 'key-mismatch')
    },

    'the canary is a decryption, not a look: a key that stopped working is noticed while idle': async (trial) => {
      const { keystore } = await copier(trial)
      const device = trial.faults()
      const decryptions = device.calls('C_Decrypt')
      await keystore.check()
      equal(device.calls('C_Decrypt'), decryptions + 1, 'another number of decryptions')
      device.fail(['C_Decrypt'], { name: 'CKR_FUNCTION_FAILED', code: 6 })
      await rejects(keystore.check(), HsmUnavailable)
      device.mend()
      await untilHealed(keystore)
    },

    'a device that is away opens nothing and says so, and it heals by itself': async (trial) => {
      const { copy, keystore } = await copier(trial)
      const envelope = copy()
      const device = trial.faults()
      device.fail(['C_Decrypt', 'C_OpenSession', 'C_Initialize'], { name: 'CKR_GENERAL_ERROR', code: 5 })
      await rejects(keystore.open(envelope, binding), HsmUnavailable)
      await rejects(keystore.check(), HsmUnavailable)
      throws(() => keystore.assertAvailable(), HsmUnavailable)
      device.mend()
      await untilHealed(keystore)
      sameSecret(await keystore.open(envelope, binding), secret, 'the copy after an outage')
    },
  },
)

export const recoveredKeys = promisesOf(
  { area: 'recovery copies', needs: ['recover', 'seal', 'wrap', 'mac'] },
  {
    'a copy opens as nothing else, and nothing else as a copy, whatever kind it says it is': async (trial) => {
      const { copy, keystore: recovering } = await copier(trial)
      const keystore = await trial.shared()
      const { verifier, envelope: prepared } = await keystore.prepareLock({ binding, factor: new Secret('1234') })
      const others = [prepared, await keystore.seal(secret, binding), await keystore.issueKey(binding)]
      for (let kind = 0; kind < 8; kind++) {
        const disguise = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 1 ? kind : byte))
        const envelope = disguise(copy())
        await opensNot(keystore.open(envelope, binding), 'a copy as a value')
        await opensNot(keystore.openKey(envelope, binding), 'a copy as a key')
        await opensNot(keystore.lockRecoveredKey(secret, binding, { verifier, envelope }), 'a copy as a lock')
        if (kind === envelopeKinds.recovery)
          sameSecret(await recovering.open(envelope, binding), secret, 'the copy itself')
        else await opensNot(recovering.open(envelope, binding), 'a copy of another kind')
        for (const other of others) await opensNot(recovering.open(disguise(other), binding), 'something as a copy')
      }
    },

    'a copy becomes a key locked with a factor that was prepared before': async (trial) => {
      const { copy, keystore: recovering } = await copier(trial)
      const keystore = await trial.shared()
      const forgotten = { binding, factor: new Secret('forgotten') }
      const locked = await keystore.issueLockedKey(forgotten)
      const key = given(await keystore.openLockedKey(forgotten, locked), 'key')
      const envelope = copy(key)
      const next = { binding: { ...binding, version: 2 }, factor: new Secret('new') }
      const prepared = await keystore.prepareLock(next)
      const recovered = await recovering.open(envelope, binding)
      const relocked = await keystore.lockRecoveredKey(recovered, next.binding, prepared)
      sameSecret(await keystore.openLockedKey(next, relocked), key, 'the recovered key')
      deepEqual(relocked.verifier, prepared.verifier)
    },
  },
)

interface ForgedPlaces {
  readonly digest: Binding
  readonly body: Binding
  readonly tail: Uint8Array
}

/** An envelope whose two bindings its maker chose apart. */
function forged({ publicKey }: RecoveryKeys, { connection }: Trial, { digest, body, tail }: ForgedPlaces): Uint8Array {
  const { spki, keyId, version, strategy }: RecoveryPublicKey = publicKey
  const { deployment, app } = connection
  const place = (at: Binding) => ({ tenant: { deployment, app }, binding: at, kind: 'recovery' as const })
  const [name, dataKey] = [{ keyId, version, strategy }, randomBytes(32)]
  const payload = Buffer.concat([dataKey, digestRecipient(place(digest), name), tail])
  const sealed = recoverStrategyNamed(strategy).seal(spki, payload)
  const bound = encryptBody(dataKey, { plaintext: secret.expose(), associated: bindBody(place(body)) })
  return encodeEnvelope({ kind: 'recovery', recipients: [{ ...name, sealed }], body: bound })
}

/** The envelope with fields of its one recipient replaced. */
function changed(bytes: Uint8Array, fields: Partial<Envelope['recipients'][0]>): Uint8Array {
  const { recipients, ...rest } = decodeEnvelope(bytes)
  return encodeEnvelope({ ...rest, recipients: [{ ...recipients[0], ...fields }] })
}
