import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { equalBytes } from './compare.ts'

/** The bytes are no ECDSA signature in the form they were said to be in. */
export class SignatureFormError extends Error {
  constructor(form: SignatureForm) {
    super(`not an ECDSA signature in ${form === 'der' ? 'DER' : 'P1363'} form`)
    this.name = 'SignatureFormError'
  }
}

/** `der`: SEQUENCE of two INTEGERs (RFC 3279 2.2.3), 8 to 72 bytes. `p1363`: r then s, 32 bytes each, big-endian. */
export type SignatureForm = 'der' | 'p1363'

export type EcdsaCurve = 'P-256' | 'secp256k1'

const curves = { 'P-256': p256, secp256k1 }

/**
 * Strict (X.690 DER): minimal lengths and integers, r and s positive and below the curve's order, no byte after them.
 * High s stays high.
 * @returns 64 bytes, r then s.
 * @throws SignatureFormError
 */
export function derToP1363(der: Uint8Array, curve: EcdsaCurve = 'P-256'): Uint8Array {
  const { Signature } = curves[curve]
  const signature = attempt('der', () => Signature.fromBytes(der, 'der'))
  // Whatever a parser may let pass, only one encoding of (r, s) is the right one.
  if (!equalBytes(signature.toBytes('der'), der)) throw new SignatureFormError('der')
  return signature.toBytes('compact')
}

/**
 * High s stays high.
 * @throws SignatureFormError when it is not 64 bytes, or r or s is out of range.
 */
export function p1363ToDer(p1363: Uint8Array, curve: EcdsaCurve = 'P-256'): Uint8Array {
  return attempt('p1363', () => curves[curve].Signature.fromBytes(p1363, 'compact')).toBytes('der')
}

function attempt<T>(form: SignatureForm, parse: () => T): T {
  try {
    return parse()
  } catch {
    throw new SignatureFormError(form)
  }
}
