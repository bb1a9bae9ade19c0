import { equal, ok } from 'node:assert/strict'
import { createHash, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto'
import { toBase64url } from '@strongroom/crypto'
import { curveNames, DIGEST_BYTES, lowerS } from '../../keys/pair-curves.ts'
import type { Keystore, PairCurve } from '../../keystore.ts'
import { CKO } from '../../pkcs11/cryptoki.ts'
import { different, everyFlip, isLong, isRefused, opensNot, same, secretOf } from '../assertions.ts'
import { isKeyless, recordOf } from '../token-objects.ts'
import { promisesOf } from '../token-promise.ts'
import { binding, otherBindings, type Trial } from '../trial.ts'

export const PAIRS_ARE_DRAWN =
  'the token wraps no private keys: pairs are its randomness, drawn and sealed, and sign in this process'

const drawnOn = (curve: PairCurve) =>
  `the token wraps no private keys of ${curve}: they are drawn and sealed, and sign in this process`

/** What only its report tells: whether private keys of that curve stay inside. */
function noteWhatIsDrawn({ keys, capabilities, note }: Trial): void {
  const record = recordOf(keys, 'wrap-pair')
  if (isKeyless(record)) return note(PAIRS_ARE_DRAWN)
  for (const curve of curveNames) if (capabilities.pairWrap(curve, record.strategy) === undefined) note(drawnOn(curve))
}

const digestOf = (message: Uint8Array): Uint8Array => createHash('sha256').update(message).digest()

const toKey = (curve: PairCurve, point: Uint8Array): KeyObject => {
  const [x, y] = [toBase64url(point.subarray(1, 33)), toBase64url(point.subarray(33))]
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: curve === 'p256' ? 'P-256' : 'secp256k1', x, y } })
}

/** As node:crypto verifies, which hashes by itself; and s is low. */
async function signs(keystore: Keystore, curve: PairCurve, pair: { publicKey: Uint8Array; envelope: Uint8Array }) {
  const message = randomBytes(40)
  const signature = await keystore.signWithIssued({ curve, envelope: pair.envelope }, binding, digestOf(message))
  isLong(signature, 64, 'the signature')
  const key = { key: toKey(curve, pair.publicKey), dsaEncoding: 'ieee-p1363' } as const
  ok(verify('sha256', message, key, signature), `the ${curve} signature does not verify`)
  same(lowerS(curve, signature), signature, 'a signature with s in the lower half')
}

/** A new pair of each curve. */
export async function signsEach(keystore: Keystore): Promise<void> {
  for (const curve of curveNames) await signs(keystore, curve, await keystore.issueKeyPair(curve, binding))
}

export const issuedPairs = promisesOf(
  { area: 'issued pairs', needs: ['seal', 'wrap-pair'] },
  {
    'a pair of each curve signs for its public key, with s in the lower half, and is never the one before': async (
      trial,
    ) => {
      const keystore = await trial.shared()
      for (const curve of curveNames) {
        const pair = await keystore.issueKeyPair(curve, binding)
        isLong(pair.publicKey, 65, 'the public key')
        // Half of what a token makes has s in the upper half.
        for (let times = 0; times < 8; times++) await signs(keystore, curve, pair)
        const other = await keystore.issueKeyPair(curve, binding)
        different(other.publicKey, pair.publicKey, 'two pairs')
      }
      noteWhatIsDrawn(trial)
    },

    'the public key is the one that was sealed': async ({ shared }) => {
      const keystore = await shared()
      for (const curve of curveNames) {
        const { publicKey, envelope } = await keystore.issueKeyPair(curve, binding)
        same(await keystore.issuedPublicKey({ curve, envelope }, binding), publicKey, 'the sealed public key')
        ok(!Buffer.from(envelope).includes(publicKey.subarray(1, 33)), 'it is not sealed')
      }
    },

    'a pair of another row, owner, purpose or version does not sign, nor one of another curve': async ({ shared }) => {
      const keystore = await shared()
      const { envelope } = await keystore.issueKeyPair('p256', binding)
      const digest = randomBytes(DIGEST_BYTES)
      for (const elsewhere of otherBindings) {
        await opensNot(keystore.signWithIssued({ curve: 'p256', envelope }, elsewhere, digest), 'a pair of elsewhere')
        await opensNot(keystore.issuedPublicKey({ curve: 'p256', envelope }, elsewhere), 'a pair of elsewhere')
      }
      await opensNot(keystore.signWithIssued({ curve: 'secp256k1', envelope }, binding, digest), 'another curve')
      await opensNot(keystore.issuedPublicKey({ curve: 'secp256k1', envelope }, binding), 'another curve')
    },

    'a pair with any byte changed does not sign': async ({ shared }) => {
      const keystore = await shared()
      const { envelope } = await keystore.issueKeyPair('p256', binding)
      const digest = randomBytes(DIGEST_BYTES)
      for (const damaged of everyFlip(envelope, 0x10)) {
        await opensNot(keystore.signWithIssued({ curve: 'p256', envelope: damaged }, binding, digest), 'a damaged pair')
      }
    },

    "another token's pairs do not sign": async ({ shared, stranger }) => {
      const [here, there] = [await shared(), await stranger()]
      const { envelope } = await here.issueKeyPair('p256', binding)
      const attempt = there.signWithIssued({ curve: 'p256', envelope }, binding, randomBytes(DIGEST_BYTES))
      await opensNot(attempt, 'a pair of another token')
    },

    'a pair opens as nothing else, and nothing else signs': async ({ shared, keys }) => {
      const keystore = await shared()
      const { envelope } = await keystore.issueKeyPair('p256', binding)
      await opensNot(keystore.open(envelope, binding), 'a pair as a value')
      await opensNot(keystore.openKey(envelope, binding), 'a pair as a key')
      const others = [await keystore.seal(secretOf(200), binding)]
      if (keys.some(({ job }) => job === 'wrap')) others.push(await keystore.issueKey(binding))
      for (const other of others) {
        const attempt = keystore.signWithIssued({ curve: 'p256', envelope: other }, binding, randomBytes(DIGEST_BYTES))
        await opensNot(attempt, 'something else as a pair')
      }
    },

    'nothing but a digest of 32 bytes is signed': async ({ shared }) => {
      const keystore = await shared()
      const { envelope } = await keystore.issueKeyPair('p256', binding)
      for (const length of [0, 20, 31, 33, 64]) {
        const attempt = keystore.signWithIssued({ curve: 'p256', envelope }, binding, new Uint8Array(length))
        await isRefused(attempt, 'input-refused')
      }
    },

    'nothing of a pair stays in the token after it was issued or signed': async ({ open, session }) => {
      const keystore = await open()
      const halvesLeft = () =>
        [CKO.privateKey, CKO.publicKey].flatMap((kind) => session().findObjects({ class: kind, token: false })).length
      const before = halvesLeft()
      for (const curve of curveNames) {
        const { envelope } = await keystore.issueKeyPair(curve, binding)
        await keystore.signWithIssued({ curve, envelope }, binding, randomBytes(DIGEST_BYTES))
        equal(halvesLeft(), before, 'halves of pairs are left in the token')
      }
    },

    'a restart keeps every pair': async ({ shared, open }) => {
      const before = await shared()
      const pairs = await Promise.all(curveNames.map((curve) => before.issueKeyPair(curve, binding)))
      const after = await open()
      for (const [at, curve] of curveNames.entries()) {
        const pair = pairs[at]
        if (pair !== undefined) await signs(after, curve, pair)
      }
    },
  },
)
