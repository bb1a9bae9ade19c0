import { createPublicKey, randomBytes } from 'node:crypto'
import { base32 } from '@scure/base'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-request-signature.json' with { type: 'json' }
import { keyOf } from '../test/request-signer.ts'
import { readStrkey, writeStrkey } from './strkey.ts'

test.each(vectors.signed)('$name: the seed’s public key is the published one', ({ seed, keyId }) => {
  const publicKey = Buffer.from(createPublicKey(keyOf(seed)).export({ format: 'jwk' }).x ?? '', 'base64url')
  expect(writeStrkey('account', publicKey)).toBe(keyId)
  expect(Buffer.from(readStrkey('account', keyId) ?? [])).toEqual(publicKey)
})

test('any 32 bytes come back, as what they were written', () => {
  for (let i = 0; i < 200; i++) {
    const bytes = randomBytes(32)
    expect(Buffer.from(readStrkey('account', writeStrkey('account', bytes)) ?? [])).toEqual(bytes)
    expect(readStrkey('account', writeStrkey('seed', bytes))).toBeUndefined()
  }
  expect(() => writeStrkey('account', randomBytes(31))).toThrow(RangeError)
})

const keyId = vectors.signed[0]?.keyId ?? ''
const bytes = base32.decode(keyId)
const changed = (index: number) => base32.encode(bytes.map((byte, at) => (at === index ? byte ^ 1 : byte)))

test.each([
  ['in lower case', keyId.toLowerCase()],
  ['padded', `${keyId}====`],
  ['with a space', `${keyId} `],
  ['cut', keyId.slice(0, -1)],
  ['longer', `${keyId}A`],
  ['with a digit that base32 has not', keyId.replace(/.$/, '1')],
  ['with another key', changed(5)],
  ['with another checksum', changed(33)],
  ['with another end of it', changed(34)],
  [
    'with the checksum the other way round',
    base32.encode(Uint8Array.of(...bytes.subarray(0, 33), bytes[34] ?? 0, bytes[33] ?? 0)),
  ],
  ['of another version', changed(0)],
  ['empty', ''],
])('a key %s is none', (_, text) => {
  expect(readStrkey('account', text)).toBeUndefined()
})
