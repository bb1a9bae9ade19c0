import { randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { Unsupported } from '../errors.ts'
import { useAndDestroy } from '../keys/session-keys.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { encryptOaep, generateProofPair, oaep, type OaepHash } from './oaep.ts'
import type { Candidate, RecoverStrategy } from './strategy.ts'

const strategyOf = (hash: OaepHash): RecoverStrategy => ({
  name: `rsa-oaep-${hash}-gcm`,
  mechanisms: [CKM.rsaPkcsOaep],
  seal: (spki, plaintext) => encryptOaep(spki, hash, plaintext),
  open: (session, key, sealed) => session.decrypt(oaep(hash), key, sealed),
})

const strategies: readonly RecoverStrategy[] = [strategyOf('sha256'), strategyOf('sha1')]

/** Throws `Unsupported`. */
export function recoverStrategyNamed(name: string): RecoverStrategy {
  const found = strategies.find((strategy) => strategy.name === name)
  if (found === undefined) throw new Unsupported(`the recovery strategy ${name}`)
  return found
}

export const recoverCandidates: readonly Candidate<RecoverStrategy>[] = strategies.map((strategy) => ({
  name: strategy.name,
  variants: () => [strategy],
  proves: ({ session }) =>
    useAndDestroy(session, (own) => {
      const { key, publicHalf = new Uint8Array() } = generateProofPair(session, { job: 'recover' }, own)
      const message = randomBytes(64)
      return equalBytes(strategy.open(session, key, strategy.seal(publicHalf, message)), message)
    }),
}))
