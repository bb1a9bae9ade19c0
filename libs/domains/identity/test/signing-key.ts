import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { writeStrkey } from '@strongroom/proofs'

/** A key pair of Ed25519 that signs requests as TokenD's clients do, in the compat profile. */
export interface SigningKey {
  /** `G…` */
  readonly id: string
  signatureFor(method: string, target: string): string
  /** Of the text as it is, base64: what proves a password. */
  sign(text: string): string
}

const SPKI_PREFIX = 12

export function signingKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const id = writeStrkey('account', publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX))
  return {
    id,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
    signatureFor(method, target) {
      const digest = createHash('sha256').update(`(request-target): ${method.toLowerCase()} ${target}`).digest()
      const signature = sign(null, digest, privateKey).toString('base64')
      return `keyId="${id}",algorithm="ed25519-sha256",headers="(request-target)",signature="${signature}"`
    },
  }
}
