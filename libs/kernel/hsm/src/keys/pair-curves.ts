import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { createPublicKey, verify } from 'node:crypto'
import { toBase64url } from '@strongroom/crypto'
import type { PairCurve } from '../keystore.ts'

export const SCALAR_BYTES = 32
export const DIGEST_BYTES = 32

/** What this process computes on a curve, and how PKCS#11 names it. */
export interface Curve {
  readonly math: typeof p256
  /** Of RFC 7518 and RFC 8812. */
  readonly jwk: string
  /** `CKA_EC_PARAMS`: the OID, DER. */
  readonly parameters: Uint8Array
}

export const pairCurves: Readonly<Record<PairCurve, Curve>> = {
  /** 1.2.840.10045.3.1.7 */
  p256: {
    math: p256,
    jwk: 'P-256',
    parameters: Uint8Array.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07),
  },
  /** 1.3.132.0.10 */
  secp256k1: {
    math: secp256k1,
    jwk: 'secp256k1',
    parameters: Uint8Array.of(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a),
  },
}

export const curveNames = Object.keys(pairCurves) as readonly PairCurve[]

export const isCurveName = (name: string): name is PairCurve => Object.hasOwn(pairCurves, name)

/**
 * As it was made, with s in the lower half: (r, s) and (r, n − s) both verify, and chains take one of the two.
 * `undefined` for what is no signature.
 */
export function lowerS(curve: PairCurve, signature: Uint8Array): Uint8Array | undefined {
  const { Point, Signature } = pairCurves[curve].math
  const { n } = Point.CURVE()
  return attempt(() => {
    const { r, s } = Signature.fromBytes(signature, 'compact')
    return new Signature(r, s > n / 2n ? n - s : s).toBytes('compact')
  })
}

/** Of a digest, with s in the lower half alone; false for what is malformed. */
export function verifiesDigest(
  curve: PairCurve,
  { signature, digest, publicKey }: { signature: Uint8Array; digest: Uint8Array; publicKey: Uint8Array },
): boolean {
  const { math } = pairCurves[curve]
  return attempt(() => math.verify(signature, digest, publicKey, { prehash: false, lowS: true })) ?? false
}

/** Of the SHA-256 of a message; false for what is malformed. Native, which takes no bare digest: a tenth of the time. */
export function verifiesMessage(
  curve: PairCurve,
  { signature, message, publicKey }: { signature: Uint8Array; message: Uint8Array; publicKey: Uint8Array },
): boolean {
  const [x, y] = [toBase64url(publicKey.subarray(1, 33)), toBase64url(publicKey.subarray(33))]
  const jwk = { kty: 'EC', crv: pairCurves[curve].jwk, x, y }
  return (
    attempt(() => {
      const key = createPublicKey({ format: 'jwk', key: jwk })
      return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
    }) ?? false
  )
}

/** Uncompressed SEC 1 point, 65 bytes; `undefined` for what is no private key of the curve. */
export const publicKeyOf = (curve: PairCurve, scalar: Uint8Array): Uint8Array | undefined =>
  attempt(() => pairCurves[curve].math.getPublicKey(scalar, false))

/** The library throws at what is out of range, in words that quote it. */
function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute()
  } catch {
    return undefined
  }
}
