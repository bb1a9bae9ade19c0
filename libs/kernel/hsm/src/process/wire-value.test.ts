import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, FrameReader } from './frame.ts'
import { decodeValue, encodeValue, MalformedValue, type WireValue, wipeValue } from './wire-value.ts'

const { value: anyValue } = fc.letrec<{ value: WireValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(undefined),
    fc.boolean(),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 9 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

test('whatever is plain crosses unchanged', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(decodeValue(encodeValue(value))).toEqual(value)
    }),
  )
})

test('a member that is called __proto__ is a member like any', () => {
  const value = Object.fromEntries([['__proto__', { issued: true }]])
  const decoded = decodeValue(encodeValue(value)) as object
  expect(Object.getOwnPropertyNames(decoded)).toEqual(['__proto__'])
  expect('issued' in decoded).toBe(false)
})

test('what is cut off, added to or tagged otherwise is malformed, never half read', () => {
  fc.assert(
    fc.property(anyValue, fc.nat(), (value, cut) => {
      const bytes = encodeValue(value)
      expect(() => decodeValue(bytes.subarray(0, cut % bytes.length))).toThrow(MalformedValue)
      expect(() => decodeValue(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(MalformedValue)
      bytes[0] = 0x20
      expect(() => decodeValue(bytes)).toThrow(MalformedValue)
    }),
  )
})

test('frames are put together from any pieces, and the pieces are wiped', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), (values, size) => {
      const stream = Buffer.concat(values.map((value, call) => encodeFrame(call, value)))
      const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
        Buffer.from(stream.subarray(index * size, (index + 1) * size)),
      )
      const reader = new FrameReader()
      const frames = pieces.flatMap((piece) => reader.take(piece))
      expect(frames.map(({ call }) => call)).toEqual(values.map((_, call) => call))
      expect(frames.map(({ bytes }) => decodeValue(bytes))).toEqual(values)
      for (const piece of pieces) expect(piece.every((byte) => byte === 0)).toBe(true)
    }),
  )
})

test('a frame that says it is larger than any is malformed before a byte of it is taken', () => {
  expect(() => new FrameReader().take(Buffer.from('ffffffff00000000', 'hex'))).toThrow(MalformedValue)
})

test('every byte string of a value is wiped, however deep', () => {
  const [a, b] = [new Uint8Array(4).fill(1), new Uint8Array(4).fill(2)]
  wipeValue({ lock: { factor: a, name: 'x' }, list: [b, 3, undefined] })
  expect([...a, ...b]).toEqual(Array.from({ length: 8 }, () => 0))
})
