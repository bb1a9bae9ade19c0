import { fromHex, type RandomSource, sha256, toHex, toUtf8 } from '@strongroom/crypto'
import { verifyP256ByOpenSsl } from '@strongroom/proofs'
import { pointOf } from '../public-key.ts'

const BYTES = 32

export interface DrawnChallenge {
  /** 64 hex digits. */
  readonly data: string
  readonly digest: Uint8Array
}

export function drawChallenge(random: RandomSource): DrawnChallenge {
  const bytes = random(BYTES)
  if (bytes.length !== BYTES) throw new Error('the random source gave another number of bytes than asked')
  return { data: toHex(bytes), digest: sha256(bytes) }
}

/** By which a challenge is found again. */
export const digestOf = (data: string): Uint8Array => sha256(fromHex(data))

/**
 * A device signs the text of the challenge, 64 hex digits as they stand, or the 32 bytes that they mean: ECDSA on P-256 with
 * SHA-256, r and s. Either s is right: enclaves do not normalise it.
 */
export function isSigned(
  data: string,
  { signature, publicKey }: { signature: string; publicKey: Uint8Array },
): boolean {
  const signed = { signature: fromHex(signature), publicKey: pointOf(publicKey) }
  return [toUtf8(data), fromHex(data)].some((message) => verifyP256ByOpenSsl({ message, ...signed }))
}
