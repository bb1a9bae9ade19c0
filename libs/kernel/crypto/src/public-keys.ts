import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'

/** The bytes are no public key that a signature may be checked with. */
export class KeyError extends Error {
  constructor(algorithm: string) {
    super(`not a valid ${algorithm} public key`)
    this.name = 'KeyError'
  }
}

/**
 * The one form to store and compare a P-256 key in: from SEC 1 compressed (33 bytes) or uncompressed (65) to
 * uncompressed (65 bytes, 04 first). Kept as it came, one key could be registered twice.
 * @throws KeyError for another length or prefix, a coordinate out of range, a point off the curve, infinity.
 */
export const uncompressP256Key = (key: Uint8Array): Uint8Array => uncompress('P-256', p256.Point, key)

/**
 * As `uncompressP256Key`, for secp256k1.
 * @throws KeyError
 */
export const uncompressSecp256k1Key = (key: Uint8Array): Uint8Array => uncompress('secp256k1', secp256k1.Point, key)

/**
 * RFC 8032 section 5.1.3, and no point of small order: with one, a signature fits every message.
 * @param key 32 bytes.
 * @throws KeyError for another length, an encoding that is not canonical, no point, a point of small order.
 */
export function checkEd25519Key(key: Uint8Array): void {
  const point = attempt('Ed25519', () => ed25519.Point.fromBytes(key, false))
  if (point.isSmallOrder()) throw new KeyError('Ed25519')
}

function uncompress(algorithm: string, point: typeof p256.Point, key: Uint8Array): Uint8Array {
  return attempt(algorithm, () => point.fromBytes(key)).toBytes(false)
}

function attempt<T>(algorithm: string, parse: () => T): T {
  try {
    return parse()
  } catch {
    throw new KeyError(algorithm)
  }
}
