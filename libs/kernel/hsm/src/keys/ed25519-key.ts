import { createPublicKey, type KeyObject } from 'node:crypto'
import { toBase64url } from '@strongroom/crypto'

const KEY_BYTES = 32
const OCTET_STRING = 0x04

/** The 32 bytes of RFC 8032, which modules give bare or as a DER octet string; `undefined` for anything else, such as a key of Ed448. */
export function toEd25519Key(raw: Uint8Array): Uint8Array | undefined {
  const wrapped = raw.length === KEY_BYTES + 2 && raw[0] === OCTET_STRING && raw[1] === KEY_BYTES
  const key = wrapped ? raw.subarray(2) : raw
  return key.length === KEY_BYTES ? key : undefined
}

export const toEd25519PublicKey = (key: Uint8Array): KeyObject =>
  createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(key) } })
