import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { askPasskey, createPasskey, PasskeyError, type PasskeyPlatform } from './passkey.ts'

const owner = { rpId: 'example.com', rpName: 'Example', userId: Uint8Array.of(1), userName: 'ann' }
const never = () => Promise.reject(new Error('not asked'))

const made = (algorithm: number, spki: Uint8Array | null): PasskeyPlatform => ({
  get: never,
  create: () =>
    Promise.resolve({
      rawId: Uint8Array.of(1, 2).buffer,
      response: { getPublicKeyAlgorithm: () => algorithm, getPublicKey: () => spki },
    }),
})

test('what a passkey is registered by is x and y of its key', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString('hex')
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  expect(await createPasskey(owner, made(-7, spki))).toEqual({ credentialId: 'AQI', publicKey: point })
})

test.each([
  ['RSA', made(-257, Uint8Array.of(1))],
  ['a key that is not told', made(-7, null)],
])('%s is no passkey of a chain', async (_, platform) => {
  await expect(createPasskey(owner, platform)).rejects.toMatchObject({ fault: 'other-algorithm' })
})

test.each([
  ['was refused', never],
  ['did not come', () => Promise.resolve(null)],
])('a passkey that %s is one error', async (_, get) => {
  const asked = askPasskey({ rpId: 'example.com', challenge: new Uint8Array(32) }, { get, create: never })
  await expect(asked).rejects.toThrow(PasskeyError)
})

test('where there is no WebAuthn it says so', async () => {
  await expect(createPasskey(owner)).rejects.toMatchObject({ fault: 'no-webauthn' })
})
