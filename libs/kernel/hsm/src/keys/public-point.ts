import { createPublicKey, type KeyObject } from 'node:crypto'
import { toBase64url } from '@strongroom/crypto'

const POINT_BYTES = 65
const UNCOMPRESSED = 0x04
const OCTET_STRING = 0x04

/** An uncompressed SEC 1 point, which modules give bare or as a DER octet string; `undefined` for anything else. */
export function toPoint(raw: Uint8Array): Uint8Array | undefined {
  const wrapped = raw.length === POINT_BYTES + 2 && raw[0] === OCTET_STRING && raw[1] === POINT_BYTES
  const point = wrapped ? raw.subarray(2) : raw
  return point.length === POINT_BYTES && point[0] === UNCOMPRESSED ? point : undefined
}

export const toPublicKey = (point: Uint8Array): KeyObject =>
  createPublicKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x: toBase64url(point.subarray(1, 33)), y: toBase64url(point.subarray(33)) },
  })
