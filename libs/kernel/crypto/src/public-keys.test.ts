import { createPublicKey } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import vectors from '../../../../test/vectors/rfc6979-a25-p256.json' with { type: 'json' }
import { fromHex, toBase64url, toHex } from './encoding.ts'
import { checkEd25519Key, KeyError, uncompressP256Key, uncompressSecp256k1Key } from './public-keys.ts'

const { x, y } = vectors.publicKey
const key = '04' + x + y

test('a P-256 key has one form, whether it came compressed or not', () => {
  // y is odd.
  expect(toHex(uncompressP256Key(fromHex('03' + x)))).toBe(key)
  expect(toHex(uncompressP256Key(fromHex(key)))).toBe(key)
})

test('a secp256k1 key has one form, whether it came compressed or not', () => {
  const { BASE } = secp256k1.Point
  expect(uncompressSecp256k1Key(BASE.toBytes(true))).toEqual(BASE.toBytes(false))
  expect(uncompressSecp256k1Key(BASE.toBytes(false))).toEqual(BASE.toBytes(false))
})

const imported = (ordinate: string) =>
  createPublicKey({
    key: { kty: 'EC', crv: 'P-256', x: toBase64url(fromHex(x)), y: toBase64url(fromHex(ordinate)) },
    format: 'jwk',
  })

describe('no P-256 key', () => {
  const field = p256.Point.Fp.ORDER.toString(16).padStart(64, '0')

  test.each([
    { name: 'no bytes', bytes: '' },
    { name: 'infinity', bytes: '00' },
    { name: '65 zeros', bytes: '00'.repeat(65) },
    { name: 'the point (0, 0)', bytes: '04' + '00'.repeat(64) },
    { name: 'a point off the curve', bytes: '04' + x + y.slice(0, -2) + '98' },
    { name: 'a point of secp256k1', bytes: toHex(secp256k1.Point.BASE.toBytes(false)) },
    { name: 'an x without a point', bytes: '02' + '00'.repeat(31) + '01' },
    { name: 'an x out of the field', bytes: '02' + field },
    { name: 'a y out of the field', bytes: '04' + x + 'f'.repeat(64) },
    { name: 'the hybrid form', bytes: '07' + x + y },
    { name: 'the bare coordinates', bytes: x + y },
    { name: 'a byte too much', bytes: key + '00' },
    { name: 'a byte too few', bytes: key.slice(0, -2) },
    { name: 'a compressed prefix on both coordinates', bytes: '03' + x + y },
  ])('$name', ({ bytes }) => {
    expect(() => uncompressP256Key(fromHex(bytes))).toThrow(KeyError)
  })

  test('as node:crypto says of the point off the curve', () => {
    expect(imported(y).type).toBe('public')
    expect(() => imported(y.slice(0, -2) + '98')).toThrow('Invalid JWK EC key')
  })
})

describe('Ed25519', () => {
  test('the point below, with its y above the field, is one that ZIP 215 takes', () => {
    const point = ed25519.Point.fromBytes(fromHex('f0' + 'ff'.repeat(30) + '7f'), true)
    expect(point.isSmallOrder()).toBe(false)
  })

  test('a key is a key', () => {
    expect(() => checkEd25519Key(ed25519.getPublicKey(new Uint8Array(32)))).not.toThrow()
  })

  test.each([
    { name: '31 bytes', bytes: '01'.repeat(31) },
    { name: '33 bytes', bytes: '01'.repeat(33) },
    { name: 'the identity, which has order 1', bytes: '01' + '00'.repeat(31) },
    { name: 'order 2', bytes: 'ec' + 'ff'.repeat(30) + '7f' },
    { name: 'order 4', bytes: '00'.repeat(32) },
    { name: 'order 4, the other', bytes: '00'.repeat(31) + '80' },
    { name: 'order 8', bytes: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05' },
    { name: 'order 8, the other', bytes: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a' },
    { name: 'the identity, its y above the field', bytes: 'ee' + 'ff'.repeat(30) + '7f' },
    { name: 'a good point, its y = 3 above the field', bytes: 'f0' + 'ff'.repeat(30) + '7f' },
    { name: 'the identity, its sign set', bytes: '01' + '00'.repeat(30) + '80' },
    { name: 'a y without a point', bytes: '02' + '00'.repeat(31) },
  ])('no key: $name', ({ bytes }) => {
    expect(() => checkEd25519Key(fromHex(bytes))).toThrow(KeyError)
  })
})

test('the error never says what the bytes were', () => {
  expect(() => uncompressP256Key(fromHex('07' + x + y))).toThrow(/^not a valid P-256 public key$/)
})
