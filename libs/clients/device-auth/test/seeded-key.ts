import { p256 } from '@noble/curves/nist.js'
import { fromHex, toHex } from '@strongroom/crypto'
import type { DeviceKey } from '../src/device-key.ts'

/** A device key that anybody knows: for published vectors, and nowhere but in tests. */
export function deviceKeyFromSeed(privateKey: string): DeviceKey {
  const secret = fromHex(privateKey)
  return {
    deviceVerifyingKey: toHex(p256.getPublicKey(secret, false)),
    sign: (message) => Promise.resolve(p256.sign(message, secret, { prehash: true, lowS: false, format: 'der' })),
  }
}
