import { Unsupported } from '../errors.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import { hsmGcm } from './hsm-gcm.ts'
import { keyWrapRfc3394, keyWrapRfc5649 } from './key-wrap.ts'
import { recoverCandidates, recoverStrategyNamed } from './rsa-oaep.ts'
import { ed25519, ed25519Candidate } from './eddsa.ts'
import type { Candidate, RecoverStrategy, SealStrategy, SignStrategy, WrapStrategy } from './strategy.ts'

// The one place where a further way of keeping is added; the first that a token proves serves its new keys.
const sealCandidates: readonly Candidate<SealStrategy>[] = [hsmGcm]
const wrapCandidates: readonly Candidate<WrapStrategy>[] = [keyWrapRfc3394, keyWrapRfc5649]

/** A candidate by its name, and which of its variants the token knows. */
interface Proof {
  readonly name: string
  readonly variant: number
}

/** What a token proved, as plain data: it holds for every thread and process that works with that token. */
export interface ProvedStrategies {
  readonly seals: readonly Proof[]
  readonly wraps: readonly Proof[]
}

/** What a token proved, in real round trips, that it can do. */
export interface Capabilities {
  readonly proved: ProvedStrategies
  /** By name, or the preferred one. Throws `Unsupported`. */
  seal(name?: string): SealStrategy
  wrap(name?: string): WrapStrategy
  /** By name unproved, since the check of the key itself is the proof; without one it costs the making of a throw-away pair. */
  recover(name?: string): RecoverStrategy
  /** The same for signatures of Ed25519. */
  ed25519(name?: string): SignStrategy
}

/** Tries every candidate with throw-away keys. The session is not used afterwards: a failed try can leave it busy. */
export const proveCapabilities = (openSession: () => Session): Capabilities =>
  capabilitiesOf(
    { seals: proveAll(openSession, sealCandidates), wraps: proveAll(openSession, wrapCandidates) },
    openSession,
  )

export function capabilitiesOf(proved: ProvedStrategies, openSession: () => Session): Capabilities {
  const seals = strategiesOf(sealCandidates, proved.seals)
  const wraps = strategiesOf(wrapCandidates, proved.wraps)
  return {
    proved,
    seal: (name) => choose(seals, name) ?? refuse(name ?? 'sealing with associated data (AES-GCM)'),
    wrap: (name) => choose(wraps, name) ?? refuse(name ?? 'key wrapping (RFC 3394 or RFC 5649)'),
    recover: (name) =>
      name === undefined
        ? (strategiesOf(recoverCandidates, proveFirst(openSession, recoverCandidates))[0] ??
          refuse('decryption with RSA-OAEP'))
        : recoverStrategyNamed(name),
    ed25519: (name) =>
      name === ed25519.name || proveFirst(openSession, [ed25519Candidate]).length > 0
        ? ed25519
        : refuse('signatures of Ed25519'),
  }
}

const choose = <S extends { readonly name: string }>(proved: readonly S[], name: string | undefined): S | undefined =>
  name === undefined ? proved[0] : proved.find((strategy) => strategy.name === name)

const strategiesOf = <S>(candidates: readonly Candidate<S>[], proofs: readonly Proof[]): readonly S[] =>
  proofs.flatMap(({ name, variant }) => candidates.find((one) => one.name === name)?.variants[variant] ?? [])

function refuse(capability: string): never {
  throw new Unsupported(capability)
}

const proveAll = <S>(openSession: () => Session, candidates: readonly Candidate<S>[]): readonly Proof[] =>
  candidates.flatMap((candidate) => {
    const variant = candidate.variants.findIndex((one) => proves(openSession, candidate, one))
    return variant < 0 ? [] : [{ name: candidate.name, variant }]
  })

function proveFirst<S>(openSession: () => Session, candidates: readonly Candidate<S>[]): readonly Proof[] {
  for (const candidate of candidates) {
    const proofs = proveAll(openSession, [candidate])
    if (proofs.length > 0) return proofs
  }
  return []
}

/** In a session of its own: a mechanism that was refused may leave the operation active. */
function proves<S>(openSession: () => Session, candidate: Candidate<S>, variant: S): boolean {
  const session = openSession()
  try {
    return candidate.proves(session, variant)
  } catch (error) {
    if (isDeviceError(error)) return false
    throw error
  } finally {
    session.close()
  }
}
