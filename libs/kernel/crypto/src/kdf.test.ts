import { hkdfSync, scryptSync } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import hkdfVectors from '../../../../test/vectors/rfc5869-hkdf-sha256.json' with { type: 'json' }
import scryptVectors from '../../../../test/vectors/rfc7914-scrypt.json' with { type: 'json' }
import { fromHex, toHex, toUtf8 } from './encoding.ts'
import { hkdfSha256, scrypt } from './kdf.ts'
import { Secret } from './secret.ts'

test.each(hkdfVectors.cases)('RFC 5869 $name', ({ ikm, salt, info, length, okm }) => {
  const derived = hkdfSha256(fromHex(ikm), { salt: fromHex(salt), info: fromHex(info), length })
  expect(toHex(derived.expose())).toBe(okm)
})

test('HKDF as node:crypto does it', () => {
  const bytes = fc.uint8Array({ maxLength: 100 })
  fc.assert(
    fc.property(
      fc.record({ key: bytes, salt: bytes, info: bytes, length: fc.integer({ min: 1, max: 200 }) }),
      (input) => {
        const { key, salt, info, length } = input
        const expected = Buffer.from(hkdfSync('sha256', key, salt, info, length)).toString('hex')
        expect(toHex(hkdfSha256(new Secret(key), { salt, info, length }).expose())).toBe(expected)
      },
    ),
  )
})

test('no salt is a salt of zeros', () => {
  const info = toUtf8('purpose')
  const zeros = hkdfSha256(toUtf8('key'), { salt: new Uint8Array(32), info, length: 32 })
  expect(hkdfSha256(toUtf8('key'), { info, length: 32 }).equals(zeros)).toBe(true)
})

test.each([0, -1, 1.5, Number.NaN, 8161])('HKDF refuses a length of %d', (length) => {
  expect(() => hkdfSha256(toUtf8('key'), { info: toUtf8(''), length })).toThrow(RangeError)
})

test.each(scryptVectors.cases)('RFC 7914: N = $cost, r = $blockSize, p = $parallelization', async (vector) => {
  const derived = await scrypt(new Secret(vector.password), toUtf8(vector.salt), vector)
  expect(toHex(derived.expose())).toBe(vector.derived)
})

test('scrypt as node:crypto does it', async () => {
  const derived = await scrypt(toUtf8('pass'), toUtf8('salt'), {
    cost: 4096,
    blockSize: 8,
    parallelization: 1,
    length: 32,
  })
  expect(toHex(derived.expose())).toBe(scryptSync('pass', 'salt', 32, { N: 4096, r: 8, p: 1 }).toString('hex'))
})

test.each([
  { name: 'a cost of 1', change: { cost: 1 } },
  { name: 'a cost that is no power of two', change: { cost: 1000 } },
  { name: 'a cost of 0', change: { cost: 0 } },
  { name: 'a cost that is not a number', change: { cost: Number.NaN } },
  { name: 'a block size of 0', change: { blockSize: 0 } },
  { name: 'a parallelization of 0', change: { parallelization: 0 } },
  { name: 'half a length', change: { length: 0.5 } },
  { name: 'a cost beyond 256 MiB', change: { cost: 2 ** 18 } },
  { name: 'a parallelization beyond 256 MiB', change: { parallelization: 2 ** 20 } },
  { name: 'a length beyond 256 MiB', change: { length: 2 ** 30 } },
])('scrypt refuses $name, before it allocates', async ({ change }) => {
  const parameters = { cost: 16, blockSize: 8, parallelization: 1, length: 32, ...change }
  await expect(scrypt(toUtf8('pass'), toUtf8('salt'), parameters)).rejects.toThrow(RangeError)
})

test('what is derived is a Secret', async () => {
  const parameters = { cost: 2, blockSize: 1, parallelization: 1, length: 16 }
  expect(JSON.stringify(await scrypt(toUtf8('a'), toUtf8('b'), parameters))).toBe('"[secret]"')
  expect(JSON.stringify(hkdfSha256(toUtf8('a'), { info: toUtf8('b'), length: 16 }))).toBe('"[secret]"')
})
