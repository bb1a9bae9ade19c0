import { describe, expect, test } from 'vitest'
import vectors from '../../../../test/vectors/rfc8785-jcs.json' with { type: 'json' }
import { fromHex, fromUtf8, toHex } from './encoding.ts'
import { canonicalJson, JcsError } from './jcs.ts'
import { Secret } from './secret.ts'

const text = (value: unknown) => fromUtf8(canonicalJson(value))

describe('RFC 8785', () => {
  test('the sample of section 3.2.2 gives the bytes of 3.2.4', () => {
    expect(toHex(canonicalJson(JSON.parse(vectors.sample.json)))).toBe(vectors.sample.bytes)
  })

  test('the keys of section 3.2.3 are sorted by UTF-16 code units', () => {
    const sorted = JSON.parse(text(JSON.parse(vectors.sorting.json))) as Record<string, string>
    // An integer-like key comes first in a JavaScript object whatever the text says: look at the text.
    const output = text(JSON.parse(vectors.sorting.json))
    const places = vectors.sorting.values.map((value) => output.indexOf(JSON.stringify(value)))
    expect(Object.values(sorted)).toHaveLength(vectors.sorting.values.length)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  test.each(vectors.numbers)('Appendix B: $ieee754 is $json', ({ ieee754, json }) => {
    expect(text(new DataView(fromHex(ieee754).buffer).getFloat64(0))).toBe(json)
  })
})

describe('what JSON does not have is refused, however deep', () => {
  test.each([
    { name: 'a lone high surrogate', value: '\ud800' },
    { name: 'a lone low surrogate', value: '\udc00a' },
    { name: 'a lone surrogate from parsed JSON', value: JSON.parse('"\\ud800"') as unknown },
    { name: 'NaN', value: Number.NaN },
    { name: 'Infinity', value: Number.POSITIVE_INFINITY },
    { name: '-Infinity', value: Number.NEGATIVE_INFINITY },
    { name: 'undefined', value: undefined },
    { name: 'a function', value: () => 1 },
    { name: 'a symbol', value: Symbol('s') },
    { name: 'a bigint', value: 1n },
    { name: 'a Date', value: new Date(0) },
    { name: 'bytes', value: Uint8Array.of(1) },
    { name: 'a Map', value: new Map([['a', 1]]) },
    { name: 'a Secret, which would be signed as [secret]', value: new Secret('hunter2') },
    { name: 'an array with a hole', value: [1].concat(Array<number>(1)) },
  ])('$name', ({ value }) => {
    expect(() => canonicalJson(value)).toThrow(JcsError)
    expect(() => canonicalJson({ a: value })).toThrow(JcsError)
    expect(() => canonicalJson([1, { a: [value] }])).toThrow(JcsError)
  })

  test('a lone surrogate in a key', () => {
    expect(() => canonicalJson({ '\ud800': 1 })).toThrow(JcsError)
  })

  test('an object that holds itself', () => {
    const value: Record<string, unknown> = {}
    value['again'] = [value, value]
    expect(() => canonicalJson(value)).toThrow(JcsError)
  })

  test('100 levels are the most, so that a deep text cannot exhaust the stack', () => {
    expect(text(JSON.parse('['.repeat(100) + ']'.repeat(100)))).toBe('['.repeat(100) + ']'.repeat(100))
    expect(() => canonicalJson(JSON.parse('['.repeat(101) + ']'.repeat(101)))).toThrow(JcsError)
    expect(() => canonicalJson(JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)))).toThrow(JcsError)
  })

  test('the error never says what the value was', () => {
    expect(() => canonicalJson({ pin: 'hunter2\ud800' })).toThrow(/^no canonical JSON: a lone surrogate$/)
  })
})

test('pairs of surrogates, -0, objects without a prototype and the key __proto__ are all right', () => {
  expect(text('\ud83d\ude00')).toBe('"\ud83d\ude00"')
  expect(text(-0)).toBe('0')
  expect(text(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}')
  expect(text(JSON.parse('{"__proto__":{"b":2,"a":1}}'))).toBe('{"__proto__":{"a":1,"b":2}}')
})
