import { encodeTuple, fromBase64, hkdfSha256, toUtf8 } from '@strongroom/crypto'
import { QrError } from './error.ts'

const DIGITS = 6

/** The approver draws it once it has the new device's key from the server, and a person carries it over. */
export const isChallenge = (text: string): boolean => /^\d{6}$/.test(text)

/**
 * What the new device answers to the approver's challenge: six digits of HKDF-SHA256 over its public key, the session
 * and the challenge. Digits of the keys alone would not do: a server that puts its own key between the devices tries a
 * million keys until the digits match. It has had to show its key before it could know this challenge.
 */
export function compareCode({
  publicKey,
  sessionId,
  challenge,
}: {
  readonly publicKey: string
  readonly sessionId: string
  readonly challenge: string
}): string {
  const key = keyBytes(publicKey)
  const info = encodeTuple('strongroom-qr-compare-v1', sessionId)
  const derived = hkdfSha256(key, { salt: toUtf8(challenge), info, length: 8 }).expose()
  const number = new DataView(derived.buffer, derived.byteOffset).getBigUint64(0) % 10n ** BigInt(DIGITS)
  return number.toString().padStart(DIGITS, '0')
}

function keyBytes(publicKey: string): Uint8Array {
  try {
    return fromBase64(publicKey)
  } catch {
    throw new QrError('bad-key')
  }
}
