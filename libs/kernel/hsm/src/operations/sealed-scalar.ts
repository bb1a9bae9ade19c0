import { Unopenable } from '../errors.ts'
import { pairCurves, publicKeyOf, SCALAR_BYTES, verifiesDigest } from '../keys/pair-curves.ts'
import type { PairCurve } from '../keystore.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import type { WrappedPair } from './wrapped-pair.ts'

const MOST_DRAWS = 8

/** A private key of the token's randomness. One draw in 2^32 is none on P-256, in 2^128 on secp256k1. Throws `DeviceError`. */
export function drawScalar(session: Session, curve: PairCurve): { scalar: Uint8Array; publicKey: Uint8Array } {
  for (let draws = 0; draws < MOST_DRAWS; draws++) {
    const scalar = session.drawRandom(SCALAR_BYTES)
    const publicKey = publicKeyOf(curve, scalar)
    if (publicKey !== undefined) return { scalar, publicKey }
  }
  throw new DeviceError('no randomness', 0, 'C_GenerateRandom')
}

/** RFC 6979 with randomness of the token besides, so that a fault cannot be made twice over one nonce; and verified. */
export function signWithScalar(
  session: Session,
  { curve, publicKey, wrapperId, wrapped: scalar }: WrappedPair,
  digest: Uint8Array,
): Uint8Array {
  if (wrapperId.length !== 0 || scalar.length !== SCALAR_BYTES) throw new Unopenable()
  const extraEntropy = session.drawRandom(SCALAR_BYTES)
  const signature = pairCurves[curve].math.sign(digest, scalar, { prehash: false, lowS: true, extraEntropy })
  if (verifiesDigest(curve, { signature, digest, publicKey })) return signature
  throw new DeviceError('a signature that does not verify', 0, 'sign')
}
