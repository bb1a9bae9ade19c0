import { generateKeyPairSync } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { describe, expect, test } from 'vitest'
import {
  assertDifferentTokens,
  decodeRecoveryPublicKey,
  encodeRecoveryPublicKey,
  type RecoveryPublicKey,
  sealForRecovery,
  Unopenable,
  Unsupported,
} from '../src/index.ts'
import { binding, tenant } from './world.ts'

const secret = new Secret(new Uint8Array(32).fill(0x5a))

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 0x01 : byte))

const publicKeyOf = (bits: number): RecoveryPublicKey => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  return { spki, keyId: Uint8Array.of(1, 2, 3), version: 7, strategy: 'rsa-oaep-sha256-gcm' }
}

describe('the public half of a recovery key', () => {
  const strong = publicKeyOf(3072)
  const weak = publicKeyOf(2048)
  const row = { ...tenant, binding }

  test('is plain data with one encoding, and every shorter, longer or weaker one is refused', () => {
    const bytes = encodeRecoveryPublicKey(strong)
    expect(decodeRecoveryPublicKey(bytes)).toEqual(strong)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeRecoveryPublicKey(bytes.slice(0, length))).toThrow(Unopenable)
    }
    expect(() => decodeRecoveryPublicKey(Uint8Array.of(...bytes, 0))).toThrow(Unopenable)
    expect(() => decodeRecoveryPublicKey(flip(bytes, 0))).toThrow(Unopenable)
    expect(() => decodeRecoveryPublicKey(encodeRecoveryPublicKey(weak))).toThrow(Unopenable)
  })

  test('encrypts nothing where it is weak, malformed or of an unknown strategy', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const curve = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
    for (const spki of [weak.spki, curve, new Uint8Array(), strong.spki.slice(1)]) {
      expect(() => sealForRecovery({ ...strong, spki }, secret, row)).toThrow(/3072 bits/)
    }
    expect(() => sealForRecovery({ ...strong, strategy: 'rsa-pkcs1' }, secret, row)).toThrow(Unsupported)
  })

  test('one token, or two that cannot be told apart, are refused', () => {
    const one = { label: 'a', manufacturer: 'm', model: 'HSM', serial: '1', software: false }
    expect(() => assertDifferentTokens(one, one)).toThrow(/one serial and model/)
    expect(() => assertDifferentTokens(one, { ...one, label: 'b' })).toThrow(/"a" and "b"/)
    expect(() => assertDifferentTokens(one, { ...one, serial: '2' })).not.toThrow()
    expect(() => assertDifferentTokens(one, { ...one, model: 'other' })).not.toThrow()
  })
})
