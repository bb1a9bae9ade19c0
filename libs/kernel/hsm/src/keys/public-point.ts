import { createPublicKey, type KeyObject } from 'node:crypto'
import { toBase64url } from '@strongroom/crypto'
import { HsmRefusal } from '../errors.ts'
import { CKO } from '../pkcs11/cryptoki.ts'
import type { Session } from '../pkcs11/session.ts'

const POINT_BYTES = 65
const UNCOMPRESSED = 0x04
const OCTET_STRING = 0x04

/** Reads the public half of the pair: an uncompressed SEC 1 point, which modules give bare or as a DER octet string. */
export function readPublicPoint(session: Session, label: string): Uint8Array {
  const [object, ...others] = session.findObjects({ class: CKO.publicKey, token: true, label })
  const raw = object === undefined || others.length > 0 ? new Uint8Array() : session.readAttribute(object, 'ecPoint')
  const wrapped = raw.length === POINT_BYTES + 2 && raw[0] === OCTET_STRING && raw[1] === POINT_BYTES
  const point = wrapped ? raw.subarray(2) : raw
  if (point.length === POINT_BYTES && point[0] === UNCOMPRESSED) return point
  const remedy = 'restore the token from its backup, or make a new version of the key'
  throw new HsmRefusal('key-missing', `the public half of the key "${label}" is not on the token: ${remedy}`)
}

export const toPublicKey = (point: Uint8Array): KeyObject =>
  createPublicKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x: toBase64url(point.subarray(1, 33)), y: toBase64url(point.subarray(33)) },
  })
