import { canonicalJson, toHex } from '@strongroom/crypto'
import type { DeviceKey } from './device-key.ts'

/**
 * The signature that the API wants over a challenge: DER, in hex, over one SHA-256 of the UTF-8 bytes of the canonical
 * JSON (RFC 8785) `{"challenge":"<hex>"}`.
 * @throws TypeError when it is not 32 bytes of hex: nothing else that a server sends is signed.
 */
export const signChallenge = async (key: DeviceKey, challenge: string): Promise<string> =>
  toHex(await key.sign(challengeMessage(challenge)))

export function challengeMessage(challenge: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(challenge)) throw new TypeError('challenge is not 32 bytes of hex')
  return canonicalJson({ challenge })
}
