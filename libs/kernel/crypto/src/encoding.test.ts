import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from '../../../../test/vectors/rfc4648-10.json' with { type: 'json' }
import {
  EncodingError,
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64url,
  toHex,
  toUtf8,
} from './encoding.ts'

describe.each(vectors.cases)('RFC 4648 section 10: $text', ({ text, base64, base16 }) => {
  test('base64', () => {
    expect(toBase64(toUtf8(text))).toBe(base64)
    expect(fromUtf8(fromBase64(base64))).toBe(text)
  })

  test('base64url, without padding', () => {
    expect(toBase64url(toUtf8(text))).toBe(base64.replaceAll('=', ''))
    expect(fromUtf8(fromBase64url(base64.replaceAll('=', '')))).toBe(text)
  })

  test('hex, read in either case, written in lower case', () => {
    expect(toHex(toUtf8(text))).toBe(base16.toLowerCase())
    expect(fromUtf8(fromHex(base16))).toBe(text)
  })
})

test('as node:buffer does it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes)
      expect(fromHex(toHex(bytes))).toEqual(bytes)
    }),
  )
})

describe('one byte string has one text, so these are refused', () => {
  test.each([
    { reason: 'trailing bits that are not zero', text: 'Zh==' },
    { reason: 'trailing bits that are not zero', text: 'Zm9=' },
    { reason: 'no padding', text: 'Zg' },
    { reason: 'too much padding', text: 'Zg===' },
    { reason: 'white space', text: 'Zm9v\n' },
    { reason: 'the other alphabet', text: '-_-_' },
    { reason: 'two texts in one', text: 'Zg==Zg==' },
  ])('base64 with $reason: $text', ({ text }) => {
    expect(() => fromBase64(text)).toThrow(EncodingError)
  })

  test.each([
    { reason: 'trailing bits that are not zero', text: 'Zh' },
    { reason: 'padding', text: 'Zg==' },
    { reason: 'white space', text: ' Zm9v' },
    { reason: 'the other alphabet', text: '+/+/' },
    { reason: 'a length that cannot be', text: 'Z' },
  ])('base64url with $reason: $text', ({ text }) => {
    expect(() => fromBase64url(text)).toThrow(EncodingError)
  })

  test.each(['0', '0g', '0x00', ' 00', '00\n'])('hex %j', (text) => {
    expect(() => fromHex(text)).toThrow(EncodingError)
  })
})

describe('UTF-8', () => {
  test.each([
    { reason: 'an overlong form', bytes: [0xc0, 0x80] },
    { reason: 'a surrogate', bytes: [0xed, 0xa0, 0x80] },
    { reason: 'a cut character', bytes: [0xe2, 0x82] },
  ])('bytes with $reason are refused', ({ bytes }) => {
    expect(() => fromUtf8(Uint8Array.from(bytes))).toThrow(EncodingError)
  })

  test('a byte order mark is kept: it is part of the text', () => {
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })

  test('a lone surrogate is refused: the platform would write U+FFFD for every one of them', () => {
    expect(new TextEncoder().encode('\ud800')).toEqual(new TextEncoder().encode('\udfff'))
    expect(() => toUtf8('\ud800')).toThrow(EncodingError)
  })
})

test('the error names the encoding and never the text', () => {
  expect(() => fromBase64('hunter2!')).toThrow(/^not valid base64$/)
})
