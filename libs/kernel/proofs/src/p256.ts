import { createPublicKey, verify } from 'node:crypto'
import {
  derToP1363,
  type EcdsaRules,
  fromHex,
  SignatureFormError,
  type SignedMessage,
  uncompressP256Key,
} from '@strongroom/crypto'

/** SubjectPublicKeyInfo of a P-256 key (RFC 5480), up to the point. */
const SPKI = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200')

/**
 * `verifyP256` of `@strongroom/crypto` by OpenSSL, a twentieth of the time that it would hold every other caller up, and
 * neither looser nor stricter: which forms of a key or a signature are read is left to our own parsers.
 * @throws KeyError
 */
export function verifyP256ByOpenSsl(
  { message, signature, publicKey }: SignedMessage,
  { form = 'p1363', s = 'any' }: EcdsaRules = {},
): boolean {
  const point = uncompressP256Key(publicKey)
  const compact = form === 'der' ? fromDer(signature) : signature
  if (compact?.length !== 64 || (s === 'low' && !isLow(compact))) return false
  const key = createPublicKey({ key: Buffer.concat([SPKI, point]), format: 'der', type: 'spki' })
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, compact)
}

const HALF_ORDER = fromHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8')

const isLow = (signature: Uint8Array): boolean => Buffer.compare(signature.subarray(32), HALF_ORDER) <= 0

function fromDer(der: Uint8Array): Uint8Array | undefined {
  try {
    return derToP1363(der)
  } catch (error) {
    if (error instanceof SignatureFormError) return undefined
    throw error
  }
}
