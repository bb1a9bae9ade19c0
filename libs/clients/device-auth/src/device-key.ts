import { p1363ToDer, toHex } from '@strongroom/crypto'

/** A device's P-256 key. A phone's Secure Enclave or a keychain can be one as well as `newDeviceKey`. */
export interface DeviceKey {
  /** SEC 1 uncompressed, `04 || X || Y`: 130 hex digits, lower case. The API's `device_id` too. */
  readonly deviceVerifyingKey: string
  /** ECDSA on P-256 over SHA-256 of `message`, hashed here and once. Strict DER, 8 to 72 bytes; s may be high. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** What the platform holds; the private half never as bytes. */
export interface PlatformKeyPair {
  readonly privateKey: PlatformKey
  readonly publicKey: PlatformKey
}

type PlatformKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A key that lasts as long as this object. No script, ours included, can read the private half out. */
export const newDeviceKey = async (): Promise<DeviceKey> => deviceKeyOf(await generateKeyPair())

export const generateKeyPair = async (): Promise<PlatformKeyPair> =>
  globalThis.crypto.subtle.generateKey(ECDSA, false, ['sign', 'verify'])

export async function deviceKeyOf({ privateKey, publicKey }: PlatformKeyPair): Promise<DeviceKey> {
  const point = new Uint8Array(await globalThis.crypto.subtle.exportKey('raw', publicKey))
  return {
    deviceVerifyingKey: toHex(point),
    // Web Crypto gives r and s side by side, the API wants DER.
    sign: async (message) =>
      p1363ToDer(new Uint8Array(await globalThis.crypto.subtle.sign(ECDSA, privateKey, Uint8Array.from(message)))),
  }
}
