import { fromHex, fromUtf8, toHex, verifyP256 } from '@strongroom/crypto'
import { describe, expect, test } from 'vitest'
import { digest, verifiesByOpenSsl } from '../test/fake-auth-service.ts'
import { deviceKeyFromSeed } from '../test/seeded-key.ts'
import { newDeviceKey } from './device-key.ts'
import { challengeMessage, signChallenge } from './sign-challenge.ts'

// The key is RFC 6979's, A.2.5.
const vector = {
  privateKey: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
  deviceId:
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  challenge: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  digest: '50ae00540ee77fbc24d5760140ee9cf32d555c2b1fb632c989dee2104ecfb9b9',
  signature:
    '304502202db52cbe54c84fd5cdacf5913cee53c741d3468deeb579592c85f7b7bac78fde022100e2aa955c8f6c1afb2ce352a804bc24cdc554ce2849f39b49206ca7ed497d2af8',
}

const message = challengeMessage(vector.challenge)
const verifies = (signature: string, key = vector.deviceId) => {
  const signed = { message, signature: fromHex(signature) }
  const [ours, openSsl] = [
    verifyP256({ ...signed, publicKey: fromHex(key) }, { form: 'der' }),
    verifiesByOpenSsl({ ...signed, key }),
  ]
  expect(ours).toBe(openSsl)
  return ours
}

describe('a challenge', () => {
  test('is signed as its canonical JSON, and the published signature of it verifies', () => {
    expect(fromUtf8(message)).toBe(`{"challenge":"${vector.challenge}"}`)
    expect(toHex(digest(message))).toBe(vector.digest)
    expect(verifies(vector.signature)).toBe(true)
  })

  test('is signed in hex DER by the key that it is for', async () => {
    const key = deviceKeyFromSeed(vector.privateKey)
    expect(key.deviceVerifyingKey).toBe(vector.deviceId)
    expect(verifies(await signChallenge(key, vector.challenge))).toBe(true)
    const own = await newDeviceKey()
    const signature = await signChallenge(own, vector.challenge)
    expect(signature).toMatch(/^30[0-9a-f]+$/)
    expect(verifies(signature, own.deviceVerifyingKey)).toBe(true)
    expect(verifies(signature)).toBe(false)
  })

  test('is hashed once: what is signed over a hash of the hash does not verify', async () => {
    const key = deviceKeyFromSeed(vector.privateKey)
    const twice = { ...key, sign: (bytes: Uint8Array) => key.sign(digest(bytes)) }
    expect(verifies(await signChallenge(twice, vector.challenge))).toBe(false)
  })

  test.each(['', '00', 'g'.repeat(64), `${'0'.repeat(64)}\n`, `0x${'0'.repeat(64)}`, '{"transfer":"everything"}'])(
    'that is %j is not signed',
    async (challenge) => {
      await expect(signChallenge(await newDeviceKey(), challenge)).rejects.toThrow(TypeError)
    },
  )
})
