import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from './encoding.ts'
import { encodeTuple, type TuplePart } from './tuple.ts'

const encoded = (parts: readonly TuplePart[]) => toHex(encodeTuple(...parts))

test('a count, then each part as its length and its bytes', () => {
  expect(encoded([])).toBe('00')
  expect(encoded(['a', 10, Uint8Array.of(0xff)])).toBe(['03', '0000000161', '000000023130', '00000001ff'].join(''))
})

test.each([
  { a: ['ab', 'c'], b: ['a', 'bc'] },
  { a: ['a', ''], b: ['a'] },
  { a: [''], b: [] },
  { a: ['a,b'], b: ['a', 'b'] },
  { a: ['a\u0000', 'b'], b: ['a', '\u0000b'] },
  { a: ['\u0000\u0000\u0000\u0001a'], b: ['', 'a'] },
])('$a and $b are not encoded alike', ({ a, b }) => {
  expect(encoded(a)).not.toBe(encoded(b))
})

// Few characters and short parts, so that joined texts are often the same.
const lists = (part: fc.Arbitrary<string>) =>
  fc.tuple(fc.array(part, { maxLength: 5 }), fc.array(part, { maxLength: 5 }))

test.each([
  {
    name: 'of a few characters',
    part: fc.string({ unit: fc.constantFrom('a', '\u0000', '\u0001', ','), maxLength: 4 }),
  },
  { name: 'of any characters', part: fc.string({ unit: 'binary' }) },
])('two different lists $name never encode alike', ({ part }) => {
  fc.assert(
    fc.property(lists(part), ([a, b]) => {
      expect(encoded(a) === encoded(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
    { numRuns: 2000 },
  )
})

test('one list cut differently never encodes alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.nat(12), fc.nat(12), (bytes, first, second) => {
      fc.pre(Math.min(first, bytes.length) !== Math.min(second, bytes.length))
      const cut = (at: number) => [bytes.slice(0, at), bytes.slice(at)]
      expect(encoded(cut(first))).not.toBe(encoded(cut(second)))
    }),
  )
})

test('a lone surrogate is refused: written as U+FFFD, two lists would be one', () => {
  expect(() => encodeTuple('\ud800')).toThrow('not valid UTF-8')
})

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('the number %d is refused', (part) => {
  expect(() => encodeTuple(part)).toThrow(RangeError)
})

test('255 parts are the most: with 256 the count would be 0 again', () => {
  expect(encodeTuple(...Array.from({ length: 255 }, () => ''))[0]).toBe(255)
  expect(() => encodeTuple(...Array.from({ length: 256 }, () => ''))).toThrow(RangeError)
})
