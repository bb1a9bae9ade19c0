import { derToP1363, fromHex, verifyP256 } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { verifiesByOpenSsl } from '../test/fake-auth-service.ts'
import { newDeviceKey } from './device-key.ts'

test('a key is named by its uncompressed point in lower case, and no two are alike', async () => {
  const [one, other] = [await newDeviceKey(), await newDeviceKey()]
  expect(one.deviceVerifyingKey).toMatch(/^04[0-9a-f]{128}$/)
  expect(one.deviceVerifyingKey).not.toBe(other.deviceVerifyingKey)
})

test('it signs in strict DER what we and OpenSSL verify, whatever lengths r and s happen to have', async () => {
  const key = await newDeviceKey()
  const lengths = new Set<number>()
  for (let round = 0; round < 200; round++) {
    const message = Uint8Array.of(round)
    const signature = await key.sign(message)
    lengths.add(signature.length)
    expect(derToP1363(signature)).toHaveLength(64)
    expect(verifiesByOpenSsl({ message, signature, key: key.deviceVerifyingKey })).toBe(true)
  }
  // All of one length would be padded: a top bit adds a byte to half of the integers.
  expect(lengths.size).toBeGreaterThan(1)
})

test('a signature is of its message and its key', async () => {
  const [one, other] = [await newDeviceKey(), await newDeviceKey()]
  const message = Uint8Array.of(1, 2, 3)
  const signature = await one.sign(message)
  const verifies = (key: string, bytes: Uint8Array) =>
    verifyP256({ message: bytes, signature, publicKey: fromHex(key) }, { form: 'der' })
  expect(verifies(one.deviceVerifyingKey, message)).toBe(true)
  expect(verifies(other.deviceVerifyingKey, message)).toBe(false)
  expect(verifies(one.deviceVerifyingKey, Uint8Array.of(1, 2, 4))).toBe(false)
})

test('no part of a key prints or copies as its private half', async () => {
  const key = await newDeviceKey()
  expect(Object.keys(JSON.parse(JSON.stringify(key)) as object)).toEqual(['deviceVerifyingKey'])
  expect(Object.keys(key)).toEqual(['deviceVerifyingKey', 'sign'])
})
