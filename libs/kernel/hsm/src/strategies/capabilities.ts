import { Unsupported } from '../errors.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import { hsmGcm } from './hsm-gcm.ts'
import { keyWrapRfc3394, keyWrapRfc5649 } from './key-wrap.ts'
import { recoverCandidates, recoverStrategyNamed } from './rsa-oaep.ts'
import type { Candidate, RecoverStrategy, SealStrategy, WrapStrategy } from './strategy.ts'

// The one place where a further way of keeping is added; the first that a token proves serves its new keys.
const sealCandidates: readonly Candidate<SealStrategy>[] = [hsmGcm]
const wrapCandidates: readonly Candidate<WrapStrategy>[] = [keyWrapRfc3394, keyWrapRfc5649]

/** What a token proved, in real round trips, that it can do. */
export interface Capabilities {
  /** By name, or the preferred one. Throws `Unsupported`. */
  seal(name?: string): SealStrategy
  wrap(name?: string): WrapStrategy
  /** By name unproved, since the check of the key itself is the proof; without one it costs the making of a throw-away pair. */
  recover(name?: string): RecoverStrategy
}

/** Tries every candidate with throw-away keys. The session is not used afterwards: a failed try can leave it busy. */
export function proveCapabilities(openSession: () => Session): Capabilities {
  const seals = proveAll(openSession, sealCandidates)
  const wraps = proveAll(openSession, wrapCandidates)
  return {
    seal: (name) => choose(seals, name) ?? refuse(name ?? 'sealing with associated data (AES-GCM)'),
    wrap: (name) => choose(wraps, name) ?? refuse(name ?? 'key wrapping (RFC 3394 or RFC 5649)'),
    recover: (name) =>
      name === undefined
        ? (proveFirst(openSession, recoverCandidates) ?? refuse('decryption with RSA-OAEP'))
        : recoverStrategyNamed(name),
  }
}

const choose = <S extends { readonly name: string }>(proved: readonly S[], name: string | undefined): S | undefined =>
  name === undefined ? proved[0] : proved.find((strategy) => strategy.name === name)

function refuse(capability: string): never {
  throw new Unsupported(capability)
}

function proveAll<S>(openSession: () => Session, candidates: readonly Candidate<S>[]): readonly S[] {
  return candidates.flatMap((candidate) => {
    const session = openSession()
    try {
      return candidate.prove(session) ?? []
    } catch (error) {
      if (isDeviceError(error)) return []
      throw error
    } finally {
      session.close()
    }
  })
}

function proveFirst<S>(openSession: () => Session, candidates: readonly Candidate<S>[]): S | undefined {
  for (const candidate of candidates) {
    const [proved] = proveAll(openSession, [candidate])
    if (proved !== undefined) return proved
  }
  return undefined
}
