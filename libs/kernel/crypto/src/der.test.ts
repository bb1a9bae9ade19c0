import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import { derToP1363, p1363ToDer, SignatureFormError } from './der.ts'
import { fromHex, toHex } from './encoding.ts'

const order = p256.Point.Fn.ORDER
const scalar = (value: bigint) => value.toString(16).padStart(64, '0')
const integer = (content: string) => '02' + (content.length / 2).toString(16).padStart(2, '0') + content
const sequence = (content: string) => '30' + (content.length / 2).toString(16).padStart(2, '0') + content
const one = integer('01')
const filled = integer('7f'.repeat(32))

test('r = 1 and s = 1 in both forms', () => {
  const p1363 = scalar(1n) + scalar(1n)
  expect(toHex(derToP1363(fromHex(sequence(one + one))))).toBe(p1363)
  expect(toHex(p1363ToDer(fromHex(p1363)))).toBe(sequence(one + one))
})

test('what OpenSSL signs comes back the same, as it verifies', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (let i = 0; i < 50; i++) {
    const message = Buffer.from(`message ${i}`)
    const der = sign('sha256', message, privateKey)
    const p1363 = derToP1363(der)
    expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, p1363)).toBe(true)
    expect(toHex(p1363ToDer(p1363))).toBe(toHex(der))
  }
})

describe('strict DER refuses', () => {
  const good = sequence(filled + filled)

  test.each([
    { name: 'nothing', der: '' },
    { name: 'a byte after the sequence', der: good + '00' },
    { name: 'a second sequence after the first', der: good + good },
    { name: 'a byte inside the sequence, after s', der: sequence(filled + filled + '00') },
    { name: 'a third integer', der: sequence(one + one + one) },
    { name: 'one integer', der: sequence(one) },
    { name: 'a long-form length of the sequence', der: '3081' + good.slice(2) },
    { name: 'a longer long-form length of the sequence', der: '308200' + good.slice(2) },
    { name: 'a long-form length of r', der: sequence('02810101' + one) },
    { name: 'a long-form length of s', der: sequence(one + '02810101') },
    { name: 'an indefinite length', der: '3080' + one + one + '0000' },
    { name: 'a length that is too short', der: '3005' + one + one },
    { name: 'a length that is too long', der: '3007' + one + one },
    { name: 'a negative r', der: sequence(integer('ff') + one) },
    { name: 'a negative s of 32 bytes', der: sequence(one + integer('80' + '00'.repeat(31))) },
    { name: 'a needless leading zero in r', der: sequence(integer('0001') + one) },
    { name: 'a needless leading zero in s', der: sequence(one + integer('007f')) },
    { name: 'an empty integer', der: sequence('0200' + one) },
    { name: 'r = 0', der: sequence(integer('00') + one) },
    { name: 's = 0', der: sequence(one + integer('00')) },
    { name: 'r = n', der: sequence(integer('00' + scalar(order)) + one) },
    { name: 's = n', der: sequence(one + integer('00' + scalar(order))) },
    { name: 's = n + 1', der: sequence(one + integer('00' + scalar(order + 1n))) },
    { name: 'an r of 34 bytes', der: sequence(integer('01' + '00'.repeat(33)) + one) },
    { name: 'another tag than SEQUENCE', der: '31' + good.slice(2) },
    { name: 'another tag than INTEGER', der: sequence('03' + one.slice(2) + one) },
    { name: 'P1363 bytes', der: scalar(5n) + scalar(7n) },
  ])('$name', ({ der }) => {
    expect(() => derToP1363(fromHex(der))).toThrow(SignatureFormError)
  })

  test('nothing of the above, when it is right', () => {
    expect(derToP1363(fromHex(good))).toHaveLength(64)
    expect(derToP1363(fromHex(sequence(one + integer('00' + scalar(order - 1n)))))).toHaveLength(64)
  })

  test.each([0, 1, 2, 3, 36, 37, good.length / 2 - 1])('a signature that lost its byte %d', (at) => {
    const cut = good.slice(0, 2 * at) + good.slice(2 * at + 2)
    expect(() => derToP1363(fromHex(cut))).toThrow(SignatureFormError)
  })
})

test.each([
  { name: '63 bytes', p1363: '01'.repeat(63) },
  { name: '65 bytes', p1363: '01'.repeat(65) },
  { name: 'r = 0', p1363: scalar(0n) + scalar(1n) },
  { name: 's = 0', p1363: scalar(1n) + scalar(0n) },
  { name: 'r = n', p1363: scalar(order) + scalar(1n) },
  { name: 's = n', p1363: scalar(1n) + scalar(order) },
])('P1363 with $name is refused', ({ p1363 }) => {
  expect(() => p1363ToDer(fromHex(p1363))).toThrow(SignatureFormError)
})

test('the range is that of the curve', () => {
  const between = fromHex(sequence(one + integer('00' + scalar(order))))
  expect(secp256k1.Point.Fn.ORDER > order).toBe(true)
  expect(derToP1363(between, 'secp256k1')).toHaveLength(64)
  expect(() => derToP1363(between, 'P-256')).toThrow(SignatureFormError)
})

test('high s stays high', () => {
  const high = sequence(one + integer('00' + scalar(order - 1n)))
  expect(toHex(p1363ToDer(derToP1363(fromHex(high))))).toBe(high)
})
