import { expect, test } from 'vitest'
import { equalBytes } from './compare.ts'

test.each([
  { a: [], b: [], equal: true },
  { a: [1, 2, 3], b: [1, 2, 3], equal: true },
  { a: [1, 2, 3], b: [1, 2, 4], equal: false },
  { a: [0, 2, 3], b: [1, 2, 3], equal: false },
  { a: [1, 2], b: [1, 2, 0], equal: false },
])('$a and $b are equal: $equal', ({ a, b, equal }) => {
  expect(equalBytes(Uint8Array.from(a), Uint8Array.from(b))).toBe(equal)
})

test('a difference in any one bit is seen', () => {
  const zeros = new Uint8Array(4)
  for (let bit = 0; bit < 32; bit++) {
    const other = new Uint8Array(4)
    other[bit >> 3] = 1 << (bit & 7)
    expect(equalBytes(zeros, other)).toBe(false)
  }
})
