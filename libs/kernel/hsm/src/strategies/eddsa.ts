import { randomBytes, verify } from 'node:crypto'
import { toEd25519Key, toEd25519PublicKey } from '../keys/ed25519-key.ts'
import { generationMechanism, publicAttributes, requiredAttributes, templateOf } from '../keys/job-templates.ts'
import { useAndDestroy } from '../keys/session-keys.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { Candidate, SignStrategy } from './strategy.ts'

/** CKM_EDDSA of PKCS#11 3.0 without parameters: plain Ed25519 (RFC 8032), over the message as it is. */
export const ed25519: SignStrategy = {
  name: 'ed25519',
  mechanisms: [CKM.eddsa],
  sign: (session, key, message) => session.sign(CKM.eddsa, key, message),
}

const kind = { job: 'sign-ed25519' } as const

export const ed25519Candidate: Candidate<SignStrategy> = {
  name: ed25519.name,
  variants: () => [ed25519],
  /** Verified outside: the number of the mechanism is younger than many modules. */
  proves: ({ session }) =>
    useAndDestroy(session, (own) => {
      const pair = session.generateKeyPair(generationMechanism(templateOf(kind)), {
        publicKey: { ...publicAttributes(kind), token: false },
        privateKey: { ...requiredAttributes(kind.job), token: false },
      })
      const [publicKey, privateKey] = [own(pair.publicKey), own(pair.privateKey)]
      const key = toEd25519Key(session.readAttribute(publicKey, 'ecPoint'))
      const message = randomBytes(32)
      return (
        key !== undefined && verify(null, message, toEd25519PublicKey(key), ed25519.sign(session, privateKey, message))
      )
    }),
}
