import { createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import p256Vectors from '../../../../test/vectors/rfc6979-a25-p256.json' with { type: 'json' }
import ed25519Vectors from '../../../../test/vectors/rfc8032-71-ed25519.json' with { type: 'json' }
import { p1363ToDer } from './der.ts'
import { fromHex, toUtf8 } from './encoding.ts'
import { sha256, sha512 } from './hash.ts'
import { KeyError } from './public-keys.ts'
import { verifyEd25519, verifyP256, verifySecp256k1 } from './signatures.ts'

const { x, y } = p256Vectors.publicKey
const publicKey = fromHex('04' + x + y)
const secretKey = fromHex(p256Vectors.privateKey)
const [sample, other] = p256Vectors.signatures.map(({ message, r, s }) => ({
  message: toUtf8(message),
  signature: fromHex(r + s),
  publicKey,
})) as [Signed, Signed]
type Signed = { message: Uint8Array; signature: Uint8Array; publicKey: Uint8Array }

const flipped = (bytes: Uint8Array, at: number) => bytes.with(at, (bytes[at] as number) ^ 1)

describe('P-256, RFC 6979 A.2.5', () => {
  test.each(p256Vectors.signatures)(
    '$message verifies, in both forms and with both forms of the key',
    ({ message, r, s }) => {
      const p1363 = { message: toUtf8(message), signature: fromHex(r + s), publicKey }
      const der = { ...p1363, signature: p1363ToDer(p1363.signature) }
      expect(verifyP256(p1363)).toBe(true)
      expect(verifyP256(der, { form: 'der' })).toBe(true)
      expect(verifyP256({ ...p1363, publicKey: fromHex('03' + x) })).toBe(true)
    },
  )

  test('a good signature with high s verifies, which the library would refuse by default', () => {
    expect(p256Vectors.signatures[0]?.highS).toBe(true)
    expect(p256.verify(sample.signature, sample.message, publicKey, { lowS: true })).toBe(false)
    expect(verifyP256(sample)).toBe(true)
  })

  test('low s, demanded, refuses the same signature and takes its twin', () => {
    const { r, s } = p256.Signature.fromBytes(sample.signature, 'compact')
    const twin = new p256.Signature(r, p256.Point.Fn.neg(s)).toBytes('compact')
    expect(verifyP256(sample, { s: 'low' })).toBe(false)
    expect(verifyP256({ ...sample, signature: twin }, { s: 'low' })).toBe(true)
    expect(verifyP256({ ...sample, signature: twin })).toBe(true)
  })

  test('a signature over the hash of the hash does not verify, nor one over no hash', () => {
    const twice = p256.sign(sha256(sample.message), secretKey, { prehash: true, lowS: false })
    const padded = new Uint8Array(32).fill(7)
    const never = p256.sign(padded, secretKey, { prehash: false, lowS: false })
    expect(verifyP256({ ...sample, signature: twice })).toBe(false)
    expect(verifyP256({ ...sample, message: padded, signature: never })).toBe(false)
    expect(verifyP256({ ...sample, message: sha256(sample.message), signature: twice })).toBe(true)
  })

  test.each([
    { name: 'another message', change: { message: toUtf8('Sample') } },
    { name: 'another key', change: { publicKey: p256.Point.BASE.toBytes(false) } },
    { name: 'another r', change: { signature: flipped(sample.signature, 31) } },
    { name: 'another s', change: { signature: flipped(sample.signature, 63) } },
    { name: 'the signature of another message', change: { signature: other.signature } },
    { name: 'no signature', change: { signature: new Uint8Array(0) } },
    { name: 'a signature of zeros', change: { signature: new Uint8Array(64) } },
    { name: 'r = 0', change: { signature: sample.signature.map((byte, at) => (at < 32 ? 0 : byte)) } },
    { name: 'a signature of ones', change: { signature: new Uint8Array(64).fill(255) } },
    { name: 'a byte too much', change: { signature: Uint8Array.of(...sample.signature, 0) } },
    { name: 'the other form than said', change: { signature: p1363ToDer(sample.signature) } },
  ])('$name is false', ({ change }) => {
    expect(verifyP256({ ...sample, ...change })).toBe(false)
  })

  test('DER that is not strict, or is P1363, is false', () => {
    const der = p1363ToDer(sample.signature)
    expect(verifyP256({ ...sample, signature: Uint8Array.of(...der, 0) }, { form: 'der' })).toBe(false)
    expect(verifyP256({ ...sample, signature: Uint8Array.of(0x30, 0x81, ...der.subarray(1)) }, { form: 'der' })).toBe(
      false,
    )
    expect(verifyP256(sample, { form: 'der' })).toBe(false)
  })

  test.each([
    { name: 'off the curve', key: flipped(publicKey, 64) },
    { name: 'at infinity', key: Uint8Array.of(0) },
    { name: 'hybrid', key: publicKey.with(0, 7) },
  ])('a key $name is an error, whatever the signature', ({ key }) => {
    expect(() => verifyP256({ ...sample, publicKey: key })).toThrow(KeyError)
    expect(() => verifyP256({ ...sample, signature: new Uint8Array(0), publicKey: key })).toThrow(KeyError)
  })
})

/** The SEC 1 point at the end of an EC key's SPKI. */
const point = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-65))

describe.each([
  { curve: 'prime256v1', check: verifyP256 },
  { curve: 'secp256k1', check: verifySecp256k1 },
])('$curve and node:crypto', ({ curve, check }) => {
  test('agree on what is signed and on what is changed', () => {
    const keys = generateKeyPairSync('ec', { namedCurve: curve })
    for (let i = 0; i < 20; i++) {
      const message = Buffer.from(`message ${i}`)
      const signature = new Uint8Array(sign('sha256', message, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' }))
      const signed = { message, signature, publicKey: point(keys.publicKey) }
      expect(check(signed)).toBe(true)
      expect(check({ ...signed, signature: sign('sha256', message, keys.privateKey) }, { form: 'der' })).toBe(true)
      expect(check({ ...signed, signature: flipped(signature, i) })).toBe(false)
    }
  })
})

describe('secp256k1', () => {
  const key = new Uint8Array(32).fill(1)
  const message = toUtf8('message')
  const signed = { message, signature: secp256k1.sign(message, key), publicKey: secp256k1.getPublicKey(key) }

  test('high s is taken, unless low s is demanded', () => {
    const { r, s } = secp256k1.Signature.fromBytes(signed.signature, 'compact')
    const high = { ...signed, signature: new secp256k1.Signature(r, secp256k1.Point.Fn.neg(s)).toBytes('compact') }
    expect(verifySecp256k1(signed, { s: 'low' })).toBe(true)
    expect(verifySecp256k1(high)).toBe(true)
    expect(verifySecp256k1(high, { s: 'low' })).toBe(false)
  })

  test('a key of P-256 is an error', () => {
    expect(() => verifySecp256k1({ ...signed, publicKey })).toThrow(KeyError)
  })

  test('a signature over the hash of the hash does not verify', () => {
    expect(verifySecp256k1({ ...signed, signature: secp256k1.sign(sha256(message), key) })).toBe(false)
  })
})

const littleEndian = (value: bigint) => fromHex(value.toString(16).padStart(64, '0')).toReversed()
const number = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts))
const spki = (key: Uint8Array) =>
  createPublicKey({ key: Buffer.concat([fromHex('302a300506032b6570032100'), key]), format: 'der', type: 'spki' })

describe('Ed25519', () => {
  const order = ed25519.Point.Fn.ORDER
  const signed = ed25519Vectors.signatures.map((vector) => ({
    name: vector.name,
    message: fromHex(vector.message),
    signature: fromHex(vector.signature),
    publicKey: fromHex(vector.publicKey),
  }))

  test.each(signed)('RFC 8032 7.1, $name', (vector) => {
    const { message, signature } = vector
    expect(verifyEd25519(vector)).toBe(true)
    expect(verifyEd25519({ ...vector, message: join(message, Uint8Array.of(0)) })).toBe(false)
    expect(verifyEd25519({ ...vector, signature: flipped(signature, 0) })).toBe(false)
    expect(verifyEd25519({ ...vector, signature: flipped(signature, 32) })).toBe(false)
    expect(verifyEd25519({ ...vector, signature: signature.subarray(1) })).toBe(false)
    expect(verifyEd25519({ ...vector, signature: new Uint8Array(64) })).toBe(false)
  })

  test('a message and its hash are two messages', () => {
    const key = new Uint8Array(32).fill(1)
    const message = toUtf8('message')
    const vector = { message, signature: ed25519.sign(sha256(message), key), publicKey: ed25519.getPublicKey(key) }
    expect(verifyEd25519(vector)).toBe(false)
    expect(verifyEd25519({ ...vector, message: sha256(message) })).toBe(true)
  })

  test('a signature whose R is not canonical is false, which the library would take by default', () => {
    const secret = new Uint8Array(32).fill(3)
    const key = ed25519.getPublicKey(secret)
    const message = toUtf8('message')
    // The identity, its y written as p + 1; then S = k · a.
    const R = fromHex('ee' + 'ff'.repeat(30) + '7f')
    const { scalar } = ed25519.utils.getExtendedPublicKey(secret)
    const k = number(sha512(join(R, key, message))) % order
    const signature = join(R, littleEndian((k * scalar) % order))
    expect(ed25519.verify(signature, message, key)).toBe(true)
    expect(verify(null, message, spki(key), signature)).toBe(false)
    expect(verifyEd25519({ message, signature, publicKey: key })).toBe(false)
  })

  test('a second signature, its S above the order, is false', () => {
    const [first] = signed as [(typeof signed)[0]]
    const S = number(first.signature.subarray(32)) + order
    const second = join(first.signature.subarray(0, 32), littleEndian(S))
    expect(verify(null, first.message, spki(first.publicKey), second)).toBe(false)
    expect(verifyEd25519({ ...first, signature: second })).toBe(false)
  })

  test('a key of small order, with which one signature fits every message, is an error', () => {
    const identity = fromHex('01' + '00'.repeat(31))
    const signature = join(identity, new Uint8Array(32))
    for (const message of [toUtf8('yes'), toUtf8('no')]) {
      expect(ed25519.verify(signature, message, identity)).toBe(true)
      expect(() => verifyEd25519({ message, signature, publicKey: identity })).toThrow(KeyError)
    }
  })

  test('it agrees with node:crypto on what is signed and on what is changed', () => {
    const { publicKey: ours, privateKey } = generateKeyPairSync('ed25519')
    const key = new Uint8Array(ours.export({ format: 'der', type: 'spki' }).subarray(-32))
    for (let i = 0; i < 20; i++) {
      const message = Buffer.from(`message ${i}`)
      const signature = new Uint8Array(sign(null, message, privateKey))
      expect(verifyEd25519({ message, signature, publicKey: key })).toBe(true)
      expect(verifyEd25519({ message, signature: flipped(signature, i), publicKey: key })).toBe(false)
    }
  })
})
