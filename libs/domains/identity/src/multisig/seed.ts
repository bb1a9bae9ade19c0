import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { fromBase64url, type Secret } from '@strongroom/crypto'
import { writeStrkey } from '@strongroom/proofs'

/** An Ed25519 seed of 32 bytes (RFC 8032), made a key of once: OpenSSL works as long at that as at a signature. */
export interface SeedSigner {
  /** `G…` */
  readonly key: string
  /** Plain Ed25519 over the message: 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

export function signerOfSeed(seed: Secret): SeedSigner {
  const privateKey = toKey(seed)
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return {
    key: writeStrkey('account', fromBase64url(x)),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  }
}

/** PKCS #8 of an Ed25519 key (RFC 8410), up to the seed. */
const PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

function toKey(seed: Secret): KeyObject {
  const der = Buffer.concat([PREFIX, seed.expose()])
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}
