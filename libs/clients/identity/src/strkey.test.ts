import { EncodingError, Secret } from '@strongroom/crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-request-signature.json' with { type: 'json' }
import { signerOf } from './signer.ts'
import { fromAccountId, fromSeedText, isAccountId, toAccountId, toSeedText } from './strkey.ts'

const [{ seed, keyId }] = vectors.signed as [(typeof vectors.signed)[0]]
const textOf = (secret: Secret) => Buffer.from(secret.expose()).toString()

test.each(vectors.signed)('$name: the published seed is of the published key', (vector) => {
  expect(signerOf(fromSeedText(new Secret(vector.seed))).keyId).toBe(vector.keyId)
})

test('every key and seed is read back from its text', () => {
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(keys, (key) => {
      expect(fromAccountId(toAccountId(key))).toEqual(key)
      expect(fromSeedText(toSeedText(new Secret(key))).equals(key)).toBe(true)
      expect([toAccountId(key)[0], textOf(toSeedText(new Secret(key)))[0]]).toEqual(['G', 'S'])
    }),
  )
})

test.each([
  ['with one letter changed', `${keyId.slice(0, -1)}L`],
  ['with two letters that changed places', `GLB${keyId.slice(3)}`],
  ['in lower case', keyId.toLowerCase()],
  ['with padding', `${keyId}====`],
  ['cut', keyId.slice(0, -1)],
  ['empty', ''],
  ['of a seed', seed],
])('a key %s is none', (_, text) => {
  expect(() => fromAccountId(text)).toThrow(EncodingError)
  expect(isAccountId(text)).toBe(false)
})

test('a key passes for no seed, and no error repeats one', () => {
  expect(() => fromSeedText(new Secret(keyId))).toThrow(EncodingError)
  expect(() => fromSeedText(new Secret(`${seed}A`))).toThrow(/^not valid strkey$/)
  expect(() => toAccountId(new Uint8Array(31))).toThrow('the account key is not 32 bytes')
})
