import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import type { RsaOAEP } from 'pkcs11js'
import { publicAttributes, requiredAttributes } from '../keys/job-templates.ts'
import { toSpki } from '../keys/rsa-public-key.ts'
import type { KeyJob } from '../keystore.ts'
import { CKG, CKM, OAEP_LABEL_GIVEN, OAEP_PARAMETERS } from '../pkcs11/cryptoki.ts'
import type { Handle, Mechanism, Session } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import type { KeyHandles } from './strategy.ts'

/** RSAES-OAEP of RFC 8017 with an empty label, MGF1 with the same hash. */
export type OaepHash = 'sha256' | 'sha1'

const numbers = {
  sha256: { hashAlg: CKM.sha256, mgf: CKG.mgf1Sha256 },
  // SoftHSM knows no other hash here. OAEP rests on no property of SHA-1 that was broken.
  sha1: { hashAlg: CKM.sha1, mgf: CKG.mgf1Sha1 },
} as const

export function oaep(hash: OaepHash): Mechanism {
  const parameter: RsaOAEP = { type: OAEP_PARAMETERS, ...numbers[hash], source: OAEP_LABEL_GIVEN }
  return { mechanism: CKM.rsaPkcsOaep, parameter }
}

/** In this process. `spki`: DER. */
export function encryptOaep(spki: Uint8Array, hash: OaepHash, plaintext: Uint8Array): Uint8Array {
  const key = createPublicKey({ key: viewAsBuffer(spki), format: 'der', type: 'spki' })
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, plaintext)
}

// Smaller than a real key, since it proves a padding, and a large one would cost seconds on a slow token.
const PROOF_BITS = 2048

/** A throw-away pair of what a key of that job and strategy is. */
export function generateProofPair(
  session: Session,
  { job, strategy }: { job: KeyJob; strategy?: string },
  own: (object: Handle) => Handle,
): KeyHandles {
  const pair = session.generateKeyPair(CKM.rsaPkcsKeyPairGen, {
    publicKey: { ...publicAttributes({ job, ...(strategy && { strategy }) }), token: false, modulusBits: PROOF_BITS },
    privateKey: { ...requiredAttributes(job, strategy), token: false },
  })
  const [publicKey, key] = [own(pair.publicKey), own(pair.privateKey)]
  const [n, e] = [session.readAttribute(publicKey, 'modulus'), session.readAttribute(publicKey, 'publicExponent')]
  return { key, publicKey, publicHalf: toSpki(n, e) ?? new Uint8Array() }
}
