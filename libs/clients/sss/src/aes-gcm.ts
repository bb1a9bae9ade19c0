import { type RandomSource, Secret, systemRandom } from '@strongroom/crypto'

const IV_LENGTH = 12

export type AesKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>

/** AES-256-GCM (NIST SP 800-38D): ciphertext with its 16-byte tag behind it, and the 12-byte IV. */
export interface Sealed {
  readonly ciphertext: Uint8Array
  readonly iv: Uint8Array
}

/** A 32-byte key for `seal` and `open`, which nothing can read back out of the platform. */
export const importAesKey = (key: Secret): Promise<AesKey> =>
  globalThis.crypto.subtle.importKey('raw', bufferOf(key.expose()), 'AES-GCM', false, ['encrypt', 'decrypt'])

export interface SealOptions {
  /** Authenticated, not encrypted. */
  readonly aad?: Uint8Array
  readonly random?: RandomSource
}

export async function seal(key: AesKey, plain: Secret, { aad, random = systemRandom }: SealOptions = {}) {
  const iv = random(IV_LENGTH)
  const text = await globalThis.crypto.subtle.encrypt(parameters(iv, aad), key, bufferOf(plain.expose()))
  return { iv, ciphertext: new Uint8Array(text) } satisfies Sealed
}

/** `undefined`: another key, another `aad`, or bytes that somebody changed; which of them cannot be told. */
export async function open(key: AesKey, { ciphertext, iv }: Sealed, aad?: Uint8Array): Promise<Secret | undefined> {
  try {
    const plain = await globalThis.crypto.subtle.decrypt(parameters(iv, aad), key, bufferOf(ciphertext))
    return new Secret(new Uint8Array(plain))
  } catch {
    return undefined
  }
}

const parameters = (iv: Uint8Array, aad: Uint8Array | undefined) => ({
  name: 'AES-GCM',
  iv: bufferOf(iv),
  ...(aad && { additionalData: bufferOf(aad) }),
})

// Web Crypto's types want bytes that no other thread can change.
const bufferOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>
