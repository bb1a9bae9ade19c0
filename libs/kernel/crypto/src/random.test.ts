import { expect, test } from 'vitest'
import { randomDigits, randomUuid, systemRandom, type RandomSource } from './random.ts'

/** Gives the listed bytes in turn, over and over. */
function repeating(...bytes: readonly number[]): RandomSource {
  let at = 0
  return (count) => Uint8Array.from({ length: count }, () => bytes[at++ % bytes.length] as number)
}

const short: RandomSource = () => new Uint8Array(0)

test('the system source gives as many bytes as asked, beyond the limit of one Web Crypto call too', () => {
  expect(systemRandom(0)).toHaveLength(0)
  const many = systemRandom(65_536 + 32)
  expect(many).toHaveLength(65_568)
  expect(many.subarray(65_536)).not.toEqual(new Uint8Array(32))
  expect(systemRandom(16)).not.toEqual(systemRandom(16))
})

test('bytes from 250 on are drawn again: modulo 10 they would favour 0 to 5', () => {
  expect(randomDigits(4, repeating(250, 255, 249, 7, 253, 10, 129))).toBe('9709')
})

test('over all 256 bytes each digit comes 25 times', () => {
  const everyByte = repeating(...Array.from({ length: 256 }, (_, byte) => byte))
  const digits = randomDigits(250, everyByte)
  for (const digit of '0123456789') expect(digits.split(digit)).toHaveLength(26)
})

test('as many digits as asked, leading zeros kept', () => {
  expect(randomDigits(6, repeating(0))).toBe('000000')
  for (let count = 1; count <= 256; count++) expect(randomDigits(count)).toMatch(new RegExp(`^\\d{${count}}$`))
})

test.each([0, -1, 1.5, 257, Number.NaN])('%d digits are refused', (count) => {
  expect(() => randomDigits(count)).toThrow(RangeError)
})

test('a source that is stuck is an error, not an endless loop', () => {
  expect(() => randomDigits(6, repeating(255))).toThrow('stuck')
})

test('a source that gives too few bytes is an error, not a short code', () => {
  expect(() => randomDigits(6, short)).toThrow('another number of bytes')
  expect(() => randomUuid(short)).toThrow('another number of bytes')
})

test('a UUID is of version 4 and of the RFC 9562 variant, whatever the bytes', () => {
  expect(randomUuid(repeating(0))).toBe('00000000-0000-4000-8000-000000000000')
  expect(randomUuid(repeating(255))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff')
  expect(randomUuid()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(randomUuid()).not.toBe(randomUuid())
})

test('the bytes of the source are left alone', () => {
  const bytes = new Uint8Array(16).fill(255)
  randomUuid(() => bytes)
  expect(bytes).toEqual(new Uint8Array(16).fill(255))
})
