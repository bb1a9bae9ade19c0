import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { derToP1363, SignatureFormError, type EcdsaCurve, type SignatureForm } from './der.ts'
import { checkEd25519Key, uncompressP256Key, uncompressSecp256k1Key } from './public-keys.ts'

export type SignedMessage = {
  /** The message itself: the hashing is done here, once. */
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** ECDSA: a SEC 1 point, compressed (33 bytes) or uncompressed (65). Ed25519: 32 bytes. */
  readonly publicKey: Uint8Array
}

export type EcdsaRules = {
  /** Said, never guessed: 64 bytes can be both. `p1363` when left out. */
  readonly form?: SignatureForm
  /**
   * `any` when left out: secure enclaves and HSMs do not normalise s. Then (r, s) and (r, n − s) both verify, so a
   * signature is no identifier and no replay key; `low` takes one of the two.
   */
  readonly s?: 'any' | 'low'
}

const ecdsa = {
  'P-256': { verify: p256.verify, uncompress: uncompressP256Key },
  secp256k1: { verify: secp256k1.verify, uncompress: uncompressSecp256k1Key },
}

/**
 * ECDSA on P-256 over SHA-256 (FIPS 186-5). A signature that is malformed or wrong is false.
 * @throws KeyError
 */
export const verifyP256 = (signed: SignedMessage, rules: EcdsaRules = {}): boolean =>
  verifyEcdsa('P-256', signed, rules)

/**
 * ECDSA on secp256k1 over SHA-256 (ES256K, RFC 8812). Not what Ethereum signs: that hashes with Keccak.
 * A signature that is malformed or wrong is false.
 * @throws KeyError
 */
export const verifySecp256k1 = (signed: SignedMessage, rules: EcdsaRules = {}): boolean =>
  verifyEcdsa('secp256k1', signed, rules)

/**
 * Ed25519 (RFC 8032 section 5.1.7), strict: no encoding that is not canonical, S below the order, no key of small order.
 * A signature that is malformed or wrong is false.
 * @throws KeyError
 */
export function verifyEd25519({ message, signature, publicKey }: SignedMessage): boolean {
  checkEd25519Key(publicKey)
  if (signature.length !== 64) return false
  return ed25519.verify(signature, message, publicKey, { zip215: false })
}

function verifyEcdsa(curve: EcdsaCurve, signed: SignedMessage, { form = 'p1363', s = 'any' }: EcdsaRules): boolean {
  const { verify, uncompress } = ecdsa[curve]
  const key = uncompress(signed.publicKey)
  const signature = form === 'der' ? fromDer(signed.signature, curve) : signed.signature
  if (signature?.length !== 64) return false
  return verify(signature, signed.message, key, { lowS: s === 'low', prehash: true, format: 'compact' })
}

function fromDer(der: Uint8Array, curve: EcdsaCurve): Uint8Array | undefined {
  try {
    return derToP1363(der, curve)
  } catch (error) {
    if (error instanceof SignatureFormError) return undefined
    throw error
  }
}
