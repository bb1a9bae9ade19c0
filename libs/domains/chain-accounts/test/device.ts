import { p256 } from '@noble/curves/nist.js'
import { fromHex, toHex, toUtf8 } from '@strongroom/crypto'

/** A key in a device, or in a cloud. */
export interface Device {
  /** x and y, in hex. */
  readonly publicKey: string
  readonly userKey: { readonly type: 'device'; readonly publicKey: string; readonly device: object }
  /** ECDSA with SHA-256, r and s in hex. */
  readonly sign: (message: Uint8Array) => string
  /** The text of a digest or challenge. */
  readonly signText: (text: string) => string
}

let made = 0

export function newDevice(device: object = {}): Device {
  const secretKey = p256.utils.randomSecretKey()
  const publicKey = toHex(p256.getPublicKey(secretKey, false).subarray(1))
  const sign = (message: Uint8Array) => toHex(p256.sign(message, secretKey))
  const name = `phone ${String(++made)}`
  return {
    publicKey,
    userKey: { type: 'device', publicKey, device: { name, pushToken: `token-${String(made)}`, ...device } },
    sign,
    signText: (text) => sign(toUtf8(text)),
  }
}

export const bytesOf = (hex: string): Uint8Array => fromHex(hex)
