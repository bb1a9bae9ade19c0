import type { webcrypto } from 'node:crypto'
import { CKM } from '../pkcs11/cryptoki.ts'

/** What the view can do, each one thing: the rest of WebCrypto is refused by name. */
export interface Kind {
  readonly name: 'ECDSA' | 'AES-GCM' | 'HMAC'
  /** As node-webcrypto-p11 takes them to make a key. */
  readonly generation: webcrypto.Algorithm & Record<string, unknown>
  /** Of the secret key, or of both halves of a pair. */
  readonly usages: readonly webcrypto.KeyUsage[]
  readonly mechanisms: readonly number[]
}

const SHA256_HMAC = 0x251
const IV_BYTES = 12
const TAG_BITS = 128

export const es256: Kind = {
  name: 'ECDSA',
  generation: { name: 'ECDSA', namedCurve: 'P-256' },
  usages: ['sign', 'verify'],
  mechanisms: [CKM.ecdsa],
}

export const aesGcm: Kind = {
  name: 'AES-GCM',
  generation: { name: 'AES-GCM', length: 256 },
  usages: ['encrypt', 'decrypt'],
  mechanisms: [CKM.aesGcm],
}

export const hmacSha256: Kind = {
  name: 'HMAC',
  generation: { name: 'HMAC', hash: { name: 'SHA-256' }, length: 256 },
  usages: ['sign', 'verify'],
  mechanisms: [SHA256_HMAC],
}

type Parameters = webcrypto.AlgorithmIdentifier & {
  namedCurve?: string
  length?: number
  hash?: webcrypto.AlgorithmIdentifier
}

/** Throws `DOMException` (NotSupportedError). */
export function kindToGenerate(algorithm: webcrypto.AlgorithmIdentifier): Kind {
  const { namedCurve, length, hash } = algorithm as Parameters
  const name = nameOf(algorithm)
  if (name === 'ECDSA' && namedCurve === 'P-256') return es256
  if (name === 'AES-GCM' && length === 256) return aesGcm
  if (name === 'HMAC' && nameOf(hash ?? '') === 'SHA-256' && (length ?? 256) === 256) return hmacSha256
  throw notSupported(`${name}: keys are ECDSA on P-256, AES-GCM of 256 bits, or HMAC with SHA-256 of 256 bits`)
}

/** Of the operation, which has to fit the key's. Throws `DOMException`. */
export function assertUse(algorithm: webcrypto.AlgorithmIdentifier, kind: Kind): void {
  const name = nameOf(algorithm)
  if (name !== kind.name) throw new DOMException(`a key for ${kind.name} does no ${name}`, 'InvalidAccessError')
  const { hash } = algorithm as Parameters
  if (kind === es256 && nameOf(hash ?? '') !== 'SHA-256') throw notSupported('ECDSA signs with SHA-256')
}

/** Throws `DOMException` for any IV or tag but the recommended ones. */
export function gcmParameters(algorithm: webcrypto.AlgorithmIdentifier): webcrypto.AeadParams {
  const { iv, additionalData, tagLength = TAG_BITS } = algorithm as Partial<webcrypto.AeadParams>
  if (iv?.byteLength !== IV_BYTES || tagLength !== TAG_BITS)
    throw notSupported('AES-GCM takes IVs of 12 bytes and tags of 128 bits')
  return {
    name: 'AES-GCM',
    iv: copyOf(iv),
    tagLength,
    ...(additionalData !== undefined && { additionalData: copyOf(additionalData) }),
  }
}

/** Callers may go on to write what they gave. */
export const copyOf = (source: NodeJS.BufferSource): Uint8Array<ArrayBuffer> =>
  source instanceof ArrayBuffer
    ? new Uint8Array(source.slice(0))
    : Uint8Array.from(new Uint8Array((source as Uint8Array).buffer, source.byteOffset, source.byteLength))

export const nameOf = (algorithm: webcrypto.AlgorithmIdentifier): string =>
  (typeof algorithm === 'string' ? algorithm : algorithm.name).toUpperCase()

export const notSupported = (what: string): DOMException => new DOMException(what, 'NotSupportedError')
