import { p256 } from '@noble/curves/nist.js'
import {
  type EcdsaRules,
  fromHex,
  KeyError,
  p1363ToDer,
  type SignedMessage,
  toUtf8,
  verifyP256,
} from '@strongroom/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/rfc6979-a25-p256.json' with { type: 'json' }
import { verifyP256ByOpenSsl } from './p256.ts'

const { Point, Signature } = p256
const order = Point.Fn.ORDER
const publicKey = fromHex(`04${vectors.publicKey.x}${vectors.publicKey.y}`)
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts))
const number = (value: bigint) => fromHex(value.toString(16).padStart(64, '0'))

type Verify = typeof verifyP256
type Verdict = boolean | 'key error'

function verdictOf(verify: Verify, signed: SignedMessage, rules: EcdsaRules): Verdict {
  try {
    return verify(signed, rules)
  } catch (error) {
    if (error instanceof KeyError) return 'key error'
    throw error
  }
}

const everyRule = (['p1363', 'der'] as const).flatMap((form) => (['any', 'low'] as const).map((s) => ({ form, s })))

/** What both say: they never differ. */
function said(signed: SignedMessage): Verdict[] {
  return everyRule.map((rules) => {
    const ours = verdictOf(verifyP256ByOpenSsl, signed, rules)
    expect(ours).toBe(verdictOf(verifyP256, signed, rules))
    return ours
  })
}

const [first] = vectors.signatures
if (!first) throw new Error('the vectors are empty')
const sample = { message: toUtf8(first.message), signature: fromHex(first.r + first.s), publicKey }
const [r, s] = [BigInt(`0x${first.r}`), BigInt(`0x${first.s}`)]

test.each(vectors.signatures)('RFC 6979 A.2.5, $message', (vector) => {
  const { message, highS } = vector
  const signed = { message: toUtf8(message), signature: fromHex(vector.r + vector.s), publicKey }
  expect(said(signed)).toEqual([true, !highS, false, false])
  expect(said({ ...signed, signature: p1363ToDer(signed.signature) })).toEqual([false, false, true, !highS])
})

test('what is changed by a bit, in whatever form, is what the other verification says', () => {
  const parts = ['message', 'signature', 'publicKey'] as const
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const of = fc.tuple(bytes, bytes, fc.boolean(), fc.boolean())
  fc.assert(
    fc.property(of, fc.constantFrom(...parts), fc.nat(600), ([seed, message, isCompressed, isDer], part, bit) => {
      const { secretKey } = p256.keygen(join(seed, seed).subarray(0, p256.lengths.seed))
      const compact = p256.sign(message, secretKey, { lowS: false })
      const signature = isDer ? p1363ToDer(compact) : compact
      const signed = { message, signature, publicKey: p256.getPublicKey(secretKey, isCompressed) }
      expect(said(signed)).toContain(true)
      const at = (bit >> 3) % signed[part].length
      said({ ...signed, [part]: signed[part].with(at, (signed[part][at] as number) ^ (1 << (bit & 7))) })
    }),
    { numRuns: 40 },
  )
})

test('any bytes of any length are what the other verification says', () => {
  const some = fc.uint8Array({ maxLength: 80 })
  fc.assert(
    fc.property(some, some, some, (message, signature, key) => {
      for (const signed of [
        { message, signature, publicKey: key },
        { ...sample, signature },
        { ...sample, publicKey: key },
      ])
        expect(said(signed)).not.toContain(true)
    }),
    { numRuns: 50 },
  )
})

const near = [0n, 1n, order - 1n, order, order + 1n, (1n << 256n) - 1n]

test('r and s at the ends of their range, past it, and twins', () => {
  const values = [r, s, order - s, ...near]
  for (const one of values) for (const other of values) said({ ...sample, signature: join(number(one), number(other)) })
  expect(said({ ...sample, signature: join(number(r), number(order - s)) })).toEqual([true, true, false, false])
  expect(Signature.fromBytes(sample.signature, 'compact').hasHighS()).toBe(true)
})

test.each([
  ['hybrid', Uint8Array.of(0x06 | ((publicKey[64] ?? 0) & 1), ...publicKey.subarray(1))],
  ['at infinity', Uint8Array.of(0)],
  ['off the curve', publicKey.with(64, (publicKey[64] as number) ^ 1)],
  ['with x past the field', join(Uint8Array.of(4), new Uint8Array(32).fill(255), publicKey.subarray(33))],
  ['cut', publicKey.subarray(0, 64)],
  ['in a SubjectPublicKeyInfo', join(fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'), publicKey)],
])('a key %s is none', (_, key) => {
  expect(said({ ...sample, publicKey: key })).toEqual(everyRule.map(() => 'key error'))
})
