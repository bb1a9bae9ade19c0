import { createPublicKey, type KeyObject } from 'node:crypto'
import { toBase64url } from '@strongroom/crypto'
import { viewAsBuffer } from '../pkcs11/template.ts'
import { LEAST_RSA_BITS } from './job-templates.ts'

const MOST_RSA_BITS = 16_384
const LEAST_EXPONENT = 65_537n

/** `SubjectPublicKeyInfo`, DER; `undefined` where the numbers are no RSA key. */
export function toSpki(modulus: Uint8Array, exponent: Uint8Array): Uint8Array | undefined {
  if (modulus.length === 0 || exponent.length === 0) return undefined
  const [n, e] = [modulus, exponent].map((number) => toBase64url(withoutLeadingZeros(number))) as [string, string]
  try {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'RSA', n, e } })
    return new Uint8Array(key.export({ format: 'der', type: 'spki' }))
  } catch {
    return undefined
  }
}

/** An RSA key of 3072 bits or more with an exponent of 65537 or more, or `undefined`. */
export function parseSpki(spki: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: viewAsBuffer(spki), format: 'der', type: 'spki' })
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
    const strong = modulusLength >= LEAST_RSA_BITS && modulusLength <= MOST_RSA_BITS && publicExponent >= LEAST_EXPONENT
    return key.asymmetricKeyType === 'rsa' && strong ? key : undefined
  } catch {
    return undefined
  }
}

function withoutLeadingZeros(number: Uint8Array): Uint8Array {
  const first = number.findIndex((byte) => byte !== 0)
  return number.subarray(Math.max(first, 0))
}
