import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createPasskey, type PasskeyOptions, registerPasskey } from './make-passkey.ts'
import { askPasskey, PasskeyError, type PasskeyPlatform } from './passkey.ts'

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

describe('a passkey that is registered', () => {
  const options = {
    rp: { id: 'example.com', name: 'Example' },
    user: { id: 'AQID', name: 'of the server', displayName: 'of the server' },
    challenge: 'A'.repeat(43),
    timeout: 300_000,
    excludeCredentials: [{ id: 'AQI' }],
    pubKeyCredParams: [{ type: 'public-key', alg: -257 }],
    attestation: 'direct',
    authenticatorSelection: { userVerification: 'discouraged' },
  }
  const { publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const wish = { rpId: 'example.com', userName: 'ann', options: options as PasskeyOptions }

  test('is made as the server drew it, under the person’s name, and never weaker than we would', async () => {
    const asked: object[] = []
    const platform: PasskeyPlatform = {
      get: never,
      create(given) {
        asked.push(given)
        const told = { clientDataJSON: Uint8Array.of(1).buffer, attestationObject: Uint8Array.of(2).buffer }
        const read = {
          getPublicKeyAlgorithm: () => -7,
          getPublicKey: () => key.export({ format: 'der', type: 'spki' }),
        }
        return Promise.resolve({ rawId: Uint8Array.of(3).buffer, response: { ...told, ...read } })
      },
    }
    const response = { clientDataJSON: 'AQ', attestationObject: 'Ag' }
    expect(await registerPasskey(wish, platform)).toMatchObject({
      credentialId: 'Aw',
      registration: { id: 'Aw', rawId: 'Aw', type: 'public-key', response, clientExtensionResults: {} },
    })
    expect(asked).toEqual([
      {
        publicKey: {
          rp: options.rp,
          user: { id: Uint8Array.of(1, 2, 3), name: 'ann', displayName: 'ann' },
          challenge: new Uint8Array(32),
          timeout: 300_000,
          excludeCredentials: [{ type: 'public-key', id: Uint8Array.of(1, 2) }],
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
          attestation: 'none',
        },
      },
    ])
  })

  test('is made for no other domain than the page means', async () => {
    const refused = registerPasskey({ ...wish, rpId: 'wallet.example.com' }, { get: never, create: never })
    await expect(refused).rejects.toMatchObject({ fault: 'other-domain' })
  })

  test('answers where it is named, and any of the domain where none is', async () => {
    const asked: unknown[] = []
    const get = (given: object) => {
      asked.push(Reflect.get(Reflect.get(given, 'publicKey') as object, 'allowCredentials'))
      return Promise.resolve(null)
    }
    for (const allowed of [['AQI'], []]) {
      const question = { rpId: 'example.com', challenge: new Uint8Array(32), allowed }
      await expect(askPasskey(question, { get, create: never })).rejects.toThrow(PasskeyError)
    }
    expect(asked).toEqual([[{ type: 'public-key', id: Uint8Array.of(1, 2) }], undefined])
  })
})
