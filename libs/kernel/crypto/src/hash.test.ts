import { createHash, createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/rfc4231-hmac.json' with { type: 'json' }
import { fromHex, toHex, toUtf8 } from './encoding.ts'
import { hmacSha256, hmacSha512, sha256, sha512 } from './hash.ts'
import { Secret } from './secret.ts'

test.each(vectors.cases)('RFC 4231 $name', (vector) => {
  const key = fromHex(vector.key)
  const data = fromHex(vector.data)
  expect(toHex(hmacSha256(key, data)).slice(0, vector.hmacSha256.length)).toBe(vector.hmacSha256)
  expect(toHex(hmacSha512(key, data)).slice(0, vector.hmacSha512.length)).toBe(vector.hmacSha512)
})

test('SHA-2 of abc, FIPS 180-4', () => {
  const abc = toUtf8('abc')
  expect(toHex(sha256(abc))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(toHex(sha512(abc))).toBe(
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  )
})

test('as node:crypto does it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (key, data) => {
      expect(toHex(sha256(data))).toBe(createHash('sha256').update(data).digest('hex'))
      expect(toHex(sha512(data))).toBe(createHash('sha512').update(data).digest('hex'))
      expect(toHex(hmacSha256(key, data))).toBe(createHmac('sha256', key).update(data).digest('hex'))
      expect(toHex(hmacSha512(key, data))).toBe(createHmac('sha512', key).update(data).digest('hex'))
    }),
  )
})

test('a key may be a Secret', () => {
  expect(hmacSha256(new Secret('key'), toUtf8('a'))).toEqual(hmacSha256(toUtf8('key'), toUtf8('a')))
  expect(hmacSha512(new Secret('key'), toUtf8('a'))).toEqual(hmacSha512(toUtf8('key'), toUtf8('a')))
})
