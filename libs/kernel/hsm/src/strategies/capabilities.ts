import { Unsupported } from '../errors.ts'
import { noProfile } from '../profiles/index.ts'
import type { VendorProfile } from '../profiles/vendor-profile.ts'
import type { Session } from '../pkcs11/session.ts'
import { cbcWraps } from './cbc-wrap.ts'
import { ed25519, ed25519Candidate } from './eddsa.ts'
import { hsmCbcHmac, hsmCbcHmacSha256 } from './hsm-cbc-hmac.ts'
import { hsmGcm, hsmGcmIv16 } from './hsm-gcm.ts'
import { hsmRsaOaep, hsmRsaOaepSha1 } from './hsm-rsa-oaep.ts'
import type { PairCurve } from '../keystore.ts'
import { keyWrapRfc3394, keyWrapRfc5649 } from './key-wrap.ts'
import { oaepWraps } from './oaep-wrap.ts'
import { PairShelves, type ProvedPairs } from './pair-shelves.ts'
import { sealsAndOpens } from './prove-seal.ts'
import { wrapsAndUnwraps } from './prove-wrap.ts'
import { recoverCandidates, recoverStrategyNamed } from './rsa-oaep.ts'
import { type Proof, Shelf, type Trials, tryOne, type Witness } from './shelf.ts'
import type { Candidate, RecoverStrategy, SealStrategy, SignStrategy, WrapStrategy } from './strategy.ts'

// The one place where a further way of keeping is added; the first that a token proves serves its new keys.
const sealCandidates: readonly Candidate<SealStrategy>[] = [
  hsmGcm,
  hsmGcmIv16,
  hsmCbcHmac,
  hsmCbcHmacSha256,
  hsmRsaOaep,
  hsmRsaOaepSha1,
]
const wrapCandidates: readonly Candidate<WrapStrategy>[] = [keyWrapRfc3394, keyWrapRfc5649, ...cbcWraps, ...oaepWraps]
/** Those whose wrapping key may be one that was just imported: their proof imports it, and they need no companion. */
const importedWraps: readonly string[] = [keyWrapRfc3394.name, keyWrapRfc5649.name]

/** What a token proved so far, as plain data: it holds for every thread and process that works with that token. */
export interface ProvedStrategies {
  readonly seals: readonly Proof[]
  readonly wraps: readonly Proof[]
  readonly pairs?: ProvedPairs
}

/** What a token proved, in real round trips, that it can do. What nobody asks for is not tried. */
export interface Capabilities {
  readonly proved: ProvedStrategies
  /** By name, or the preferred one of those that fit the witness. Throws `Unsupported`, or `DeviceError` where the token is busy. */
  seal(name?: string, witness?: Witness): SealStrategy
  wrap(name?: string, witness?: Witness): WrapStrategy
  /** What the token wraps with under a key of known value, such as half of a factor’s MAC; `undefined`: nothing, or not that. */
  importedWrap(name?: string): WrapStrategy | undefined
  /** What wraps private keys of that curve, by name or the preferred one; `undefined`: nothing, or not that. */
  pairWrap(curve: PairCurve, name?: string, witness?: Witness): WrapStrategy | undefined
  /** Whether the token takes a private key of known value and wraps it in that way, as it does one of its own. */
  importsPair(curve: PairCurve, name: string): boolean
  /** By name unproved, since the check of the key itself is the proof; without one it costs the making of a throw-away pair. */
  recover(name?: string): RecoverStrategy
  /** The same for signatures of Ed25519. */
  ed25519(name?: string): SignStrategy
}

/** Tries what new keys would be made for. Sessions are not used afterwards: a failed try can leave one busy. */
export function proveCapabilities(openSession: () => Session, profile: VendorProfile = noProfile): Capabilities {
  const capabilities = capabilitiesOf({ seals: [], wraps: [] }, openSession, profile)
  proveGcm(capabilities)
  for (const name of importedWraps) capabilities.importedWrap(name)
  return capabilities
}

/** The rest waits until a key needs it: pairs take seconds to make. */
function proveGcm(capabilities: Capabilities): void {
  try {
    capabilities.seal(hsmGcm.name)
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error
  }
}

export function capabilitiesOf(
  { seals: provedSeals, wraps: provedWraps, pairs: provedPairs }: ProvedStrategies,
  openSession: () => Session,
  profile: VendorProfile = noProfile,
): Capabilities {
  const trials: Trials = { openSession, profile }
  const seals = new Shelf(sealCandidates, trials, {
    proofs: provedSeals,
    provesOn: (bench, variant, keys) => sealsAndOpens(bench, variant, keys) !== undefined,
  })
  const wraps = new Shelf(wrapCandidates, trials, { proofs: provedWraps, provesOn: wrapsAndUnwraps })
  const pairs = new PairShelves(trials, provedPairs)
  return {
    get proved() {
      return { seals: seals.proofs, wraps: wraps.proofs, pairs: pairs.proved }
    },
    seal: (name, witness) => choose(seals, name, witness) ?? refuse(name ?? 'sealing with associated data'),
    wrap: (name, witness) => choose(wraps, name, witness) ?? refuse(name ?? 'key wrapping'),
    importedWrap: (name) =>
      importedWraps
        .filter((one) => name === undefined || one === name)
        .map((one) => wraps.named(one))
        .find((strategy) => strategy !== undefined),
    pairWrap: (curve, name, witness) => pairs.find(curve, name, witness),
    importsPair: (curve, name) => pairs.imports(curve, name),
    recover: (name) =>
      name === undefined
        ? (findProved(recoverCandidates, trials) ?? refuse('decryption with RSA-OAEP'))
        : recoverStrategyNamed(name),
    ed25519: (name) =>
      name === ed25519.name ? ed25519 : (findProved([ed25519Candidate], trials) ?? refuse('signatures of Ed25519')),
  }
}

const choose = <S extends { name: string }>(shelf: Shelf<S>, name?: string, witness?: Witness): S | undefined =>
  name === undefined ? shelf.first(witness) : shelf.named(name, witness)

function refuse(capability: string): never {
  throw new Unsupported(capability)
}

function findProved<S>(candidates: readonly Candidate<S>[], trials: Trials): S | undefined {
  for (const candidate of candidates) {
    const proved = candidate
      .variants(trials.profile)
      .find((variant) => tryOne(trials, (bench) => candidate.proves(bench, variant)) === 'proved')
    if (proved !== undefined) return proved
  }
  return undefined
}
