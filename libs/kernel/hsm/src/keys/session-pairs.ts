import type { PairCurve } from '../keystore.ts'
import { CKK, CKM, CKO } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { Attributes } from '../pkcs11/template.ts'
import { lowerS, pairCurves, SCALAR_BYTES, verifiesDigest, verifiesMessage } from './pair-curves.ts'
import { toPoint } from './public-point.ts'

const privateHalf: Attributes = { class: CKO.privateKey, keyType: CKK.ec, token: false, private: true }

/** For `unwrap`: signs and nothing else, and cannot leave again. */
export const signingHalf: Attributes = { ...privateHalf, sensitive: true, extractable: false, sign: true }

/** For `unwrap` and then `wrap` again: the value never leaves the token in the clear. */
export const rewrappableHalf: Attributes = { ...privateHalf, sensitive: true, extractable: true, sign: false }

/** For `unwrap`, where another token is to hold the key as well. */
export const readableHalf: Attributes = { ...privateHalf, sensitive: false, extractable: true, sign: false }

export interface SessionPair {
  readonly key: Handle
  /** Uncompressed SEC 1 point, 65 bytes, in an array of its own. */
  readonly publicKey: Uint8Array
}

/** A fresh pair whose private half can be wrapped and nothing else. Throws `DeviceError`, also for a point in no known form. */
export function generateWrappablePair(
  session: Session,
  curve: PairCurve,
  own: (object: Handle) => Handle,
): SessionPair {
  const ecParams = pairCurves[curve].parameters
  const pair = session.generateKeyPair(CKM.ecKeyPairGen, {
    publicKey: { class: CKO.publicKey, keyType: CKK.ec, token: false, private: false, verify: true, ecParams },
    privateKey: rewrappableHalf,
  })
  const [publicKey, key] = [own(pair.publicKey), own(pair.privateKey)]
  const point = toPoint(session.readAttribute(publicKey, 'ecPoint'))
  if (point === undefined) throw new DeviceError('a point in no known form', 0, 'C_GetAttributeValue')
  return { key, publicKey: Uint8Array.from(point) }
}

/** A private key of known value; gone with the session at the latest. */
export const importScalar = (session: Session, curve: PairCurve, scalar: Uint8Array): Handle =>
  session.createObject({ ...rewrappableHalf, ecParams: pairCurves[curve].parameters, value: scalar })

/** 32 bytes: modules give the number with or without its leading zeros. */
export function readScalar(session: Session, key: Handle): Uint8Array {
  const value = session.readAttribute(key, 'value')
  const first = Math.max(0, value.length - SCALAR_BYTES)
  const scalar = new Uint8Array(SCALAR_BYTES)
  const number = value.subarray(first)
  scalar.set(number, SCALAR_BYTES - number.length)
  const isWhole = value.subarray(0, first).every((byte) => byte === 0)
  value.fill(0)
  if (!isWhole) throw new DeviceError('a private key of another length', 0, 'C_GetAttributeValue')
  return scalar
}

interface Signing {
  readonly key: Handle
  readonly publicKey: Uint8Array
  readonly digest: Uint8Array
  /** Of which it is the SHA-256, where that is known: verified faster then. */
  readonly message?: Uint8Array
}

/** Verified before it leaves: a faulty ECDSA signature can give the private key away. Throws `DeviceError`. */
export function signDigest(session: Session, curve: PairCurve, signing: Signing): Uint8Array {
  const { key, digest } = signing
  const signature = lowerS(curve, session.sign(CKM.ecdsa, key, digest))
  if (signature !== undefined && verifies(curve, signature, signing)) return signature
  throw new DeviceError('a signature that does not verify', 0, 'C_Sign')
}

const verifies = (curve: PairCurve, signature: Uint8Array, { publicKey, digest, message }: Signing): boolean =>
  message === undefined
    ? verifiesDigest(curve, { signature, digest, publicKey })
    : verifiesMessage(curve, { signature, message, publicKey })
