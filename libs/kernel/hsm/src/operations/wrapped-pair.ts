import { toUtf8 } from '@strongroom/crypto'
import { ByteReader } from '../envelope/byte-reader.ts'
import { framed } from '../envelope/codec.ts'
import { Unopenable } from '../errors.ts'
import { isCurveName } from '../keys/pair-curves.ts'
import type { PairCurve } from '../keystore.ts'
import { encodeWrappedKey, readWrappedKey, type WrappedKey } from './wrapped-key.ts'

/** A pair as it is sealed: what signs, and what it is to be verified with. */
export interface WrappedPair extends WrappedKey {
  readonly curve: PairCurve
  /** Uncompressed SEC 1 point, 65 bytes. */
  readonly publicKey: Uint8Array
}

const MOST_CURVE_BYTES = 16
const POINT_BYTES = 65

/** Curve and public key, each with its length (1 byte) before it, then the wrapped private key in its own format. */
export function encodeWrappedPair({ curve, publicKey, ...wrapped }: WrappedPair): Uint8Array {
  const key = encodeWrappedKey(wrapped)
  try {
    return Buffer.concat([framed(1, toUtf8(curve)), framed(1, publicKey), key])
  } finally {
    key.fill(0)
  }
}

/** Copies, which the caller wipes where they are secret. Throws `Unopenable`. */
export function decodeWrappedPair(bytes: Uint8Array): WrappedPair {
  const reader = new ByteReader(bytes)
  const curve = reader.readText(MOST_CURVE_BYTES)
  const publicKey = reader.readBytes(1, POINT_BYTES)
  if (!isCurveName(curve) || publicKey.length !== POINT_BYTES) throw new Unopenable()
  return { curve, publicKey, ...readWrappedKey(reader) }
}
