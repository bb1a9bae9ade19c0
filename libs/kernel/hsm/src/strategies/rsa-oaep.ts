import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import type { RsaOAEP } from 'pkcs11js'
import { equalBytes } from '@strongroom/crypto'
import { Unsupported } from '../errors.ts'
import { jobTemplates, requiredAttributes } from '../keys/job-templates.ts'
import { toSpki } from '../keys/rsa-public-key.ts'
import { useAndDestroy } from '../keys/session-keys.ts'
import { CKG, CKM, CKO, OAEP_LABEL_GIVEN, OAEP_PARAMETERS } from '../pkcs11/cryptoki.ts'
import type { Mechanism } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import type { Candidate, RecoverStrategy } from './strategy.ts'

/** RSAES-OAEP of RFC 8017 with an empty label, MGF1 with the same hash. */
const strategyOf = (hash: 'sha1' | 'sha256', { hashAlg, mgf }: { hashAlg: number; mgf: number }): RecoverStrategy => {
  const parameter: RsaOAEP = { type: OAEP_PARAMETERS, hashAlg, mgf, source: OAEP_LABEL_GIVEN }
  const mechanism: Mechanism = { mechanism: CKM.rsaPkcsOaep, parameter }
  return {
    name: `rsa-oaep-${hash}-gcm`,
    mechanisms: [CKM.rsaPkcsOaep],
    seal(spki, plaintext) {
      const key = createPublicKey({ key: viewAsBuffer(spki), format: 'der', type: 'spki' })
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      return publicEncrypt({ key, padding, oaepHash: hash }, plaintext)
    },
    open: (session, key, sealed) => session.decrypt(mechanism, key, sealed),
  }
}

const strategies: readonly RecoverStrategy[] = [
  strategyOf('sha256', { hashAlg: CKM.sha256, mgf: CKG.mgf1Sha256 }),
  // SoftHSM knows no other hash here. OAEP rests on no property of SHA-1 that was broken.
  strategyOf('sha1', { hashAlg: CKM.sha1, mgf: CKG.mgf1Sha1 }),
]

/** Throws `Unsupported`. */
export function recoverStrategyNamed(name: string): RecoverStrategy {
  const found = strategies.find((strategy) => strategy.name === name)
  if (found === undefined) throw new Unsupported(`the recovery strategy ${name}`)
  return found
}

// Smaller than a real key, since it proves a padding, and a large one would cost seconds on a slow token.
const PROOF_BITS = 2048

export const recoverCandidates: readonly Candidate<RecoverStrategy>[] = strategies.map((strategy) => ({
  name: strategy.name,
  variants: [strategy],
  proves: (session) =>
    useAndDestroy(session, (own) => {
      const publicHalf = { ...jobTemplates.recover.publicHalf, modulusBits: PROOF_BITS }
      const pair = session.generateKeyPair(CKM.rsaPkcsKeyPairGen, {
        publicKey: { class: CKO.publicKey, keyType: jobTemplates.recover.keyType, token: false, ...publicHalf },
        privateKey: { ...requiredAttributes('recover'), token: false },
      })
      const [publicKey, privateKey] = [own(pair.publicKey), own(pair.privateKey)]
      const message = randomBytes(64)
      const [n, e] = [session.readAttribute(publicKey, 'modulus'), session.readAttribute(publicKey, 'publicExponent')]
      const sealed = strategy.seal(toSpki(n, e) ?? new Uint8Array(), message)
      return equalBytes(strategy.open(session, privateKey, sealed), message)
    }),
}))
