import { canonicalJson, fromHex, sha256, toHex, verifyP256 } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { DeviceKey, DeviceSignature } from './device-key.ts'

// The key of RFC 6979 A.2.5, a challenge of the bytes 00 to 1f, and a signature whose s is high.
const key =
  '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299'
const challenge = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const r = '2db52cbe54c84fd5cdacf5913cee53c741d3468deeb579592c85f7b7bac78fde'
const s = '00e2aa955c8f6c1afb2ce352a804bc24cdc554ce2849f39b49206ca7ed497d2af8'
const signature = `30450220${r}0221${s}`
const message = canonicalJson({ challenge })
const rules = { form: 'der', s: 'any' } as const

test('a device signs one SHA-256 of the canonical JSON; its s may be high', () => {
  expect(Buffer.from(message).toString()).toBe(`{"challenge":"${challenge}"}`)
  expect(toHex(sha256(message))).toBe('50ae00540ee77fbc24d5760140ee9cf32d555c2b1fb632c989dee2104ecfb9b9')
  expect([DeviceKey.parse(key), DeviceSignature.parse(signature)]).toEqual([key, signature])
  const signed = { signature: fromHex(signature), publicKey: fromHex(key) }
  expect(verifyP256({ message, ...signed }, rules)).toBe(true)
  expect(verifyP256({ message, ...signed }, { ...rules, s: 'low' })).toBe(false)
  expect(verifyP256({ message: sha256(message), ...signed }, rules)).toBe(false)
})

test('a key is told in lower case, however it came', () => {
  expect(DeviceKey.parse(key.toUpperCase())).toBe(key)
})

test.each([
  ['0x before it', `0x${key}`],
  ['a point off the curve', `${key.slice(0, -1)}8`],
  ['the compressed form', `03${key.slice(2, 66)}`],
  ['the hybrid form', `07${key.slice(2)}`],
  ['infinity', '00'],
  ['coordinates of zero', `04${'00'.repeat(64)}`],
  ['a coordinate out of range', `04${'ff'.repeat(32)}${key.slice(66)}`],
  ['a byte too many', `${key}00`],
  ['a byte too few', key.slice(0, -2)],
  ['a line break', `${key}\n`],
  ['what is no hex', `${key.slice(0, -1)}g`],
])('%s is no key', (_, text) => {
  expect(DeviceKey.safeParse(text).success).toBe(false)
})

test.each([
  ['a byte behind it', `${signature}00`],
  ['a length in the long form', `308145${signature.slice(4)}`],
  ['a zero too many before r', `3046022100${r}0221${s}`],
  ['a negative s', `30440220${r}0220${s.slice(2)}`],
  ['an r of zero', `30260201000221${s}`],
  ['an s of the order', `30450220${r}022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551`],
  ['the form of JWS', `${r}${s.slice(2)}`],
  ['0x before it', `0x${signature}`],
  ['half a byte', signature.slice(0, -1)],
  ['nothing', ''],
])('%s is no signature', (_, text) => {
  expect(DeviceSignature.safeParse(text).success).toBe(false)
})
