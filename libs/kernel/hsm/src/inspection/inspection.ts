import type { RefusalReason } from '../errors.ts'
import type { KeyJob, TokenDescription } from '../keystore.ts'
import type { ProfileName } from '../profiles/vendor-profile.ts'
import type { ModuleFault } from './module-fault.ts'

/** What was seen of a module and one of its tokens: plain data, no secrets. What comes after `stopped` was not looked at. */
export interface Inspection {
  readonly module: ModuleLook
  readonly slots: readonly SlotLook[]
  readonly token?: TokenLook
  readonly proofs?: Proofs
  /** Of the recorded keys that the look was given. */
  readonly keys: readonly KeyLook[]
  readonly stopped?: Stop
}

export const steps = ['module', 'slots', 'token', 'login', 'proofs', 'keys'] as const

export type Step = (typeof steps)[number]

export interface Stop {
  readonly at: Step
  /** `away`: the token did not answer; `died`: the process that looked ended, or fell silent. */
  readonly reason: RefusalReason | 'unsupported' | 'away' | 'died'
  /** What is wrong and how to mend it, in the words of the keystore. */
  readonly message: string
}

export interface ModuleLook {
  readonly path: string
  readonly fault?: ModuleFault
  readonly library?: {
    readonly description: string
    readonly manufacturer: string
    readonly version: string
    readonly cryptoki: string
  }
}

export interface SlotLook {
  readonly description: string
  readonly hardware: boolean
  /** Of the token in it, where it is initialised. */
  readonly token?: { readonly label: string; readonly serial: string; readonly model: string }
}

/** What the token says of itself. */
export interface TokenLook {
  readonly description: TokenDescription
  readonly firmware: string
  readonly profile: ProfileName
  readonly pin: {
    readonly count: 'full' | 'low' | 'last try' | 'locked'
    readonly mustBeChanged: boolean
    readonly isSet: boolean
  }
  /** `undefined`: the token does not say; `'unlimited'` as it says. */
  readonly mostSessions: number | 'unlimited' | undefined
  readonly memory: { readonly total: number; readonly free: number } | undefined
  /** Objects that are kept on it, as the login sees them. */
  readonly objects: number | 'many' | undefined
}

/** What was tried in round trips on session objects, which are gone. */
export interface Proofs {
  readonly mechanisms: number
  readonly listed: readonly string[]
  readonly jobs: readonly JobProof[]
  /** The strategy with which locked keys are wrapped inside the token; `undefined`: in our process. */
  readonly lockWrap: string | undefined
  readonly mechanismLists: 'honoured' | 'ignored'
  readonly extractable: 'enforced' | 'ignored' | 'untried'
  readonly latencies: readonly Latency[]
  /** How many sessions could be open at once, of those that were tried. */
  readonly sessions: { readonly opened: number; readonly tried: number }
  readonly executor: 'inline' | 'process'
}

export interface JobProof {
  readonly job: KeyJob
  /** `inside`: the key does it in the token; `falls back`: another way stands in for it. */
  readonly carried: 'inside' | 'falls back' | 'missing'
  readonly strategy?: string
  /** What the token cannot do, in its own words. */
  readonly missing?: string
}

export interface Latency {
  readonly operation: string
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

export interface KeyLook {
  readonly label: string
  readonly job: KeyJob
  readonly use: string
  readonly version: number
  readonly strategy: string
  /** Why the start would refuse it; absent where it is as recorded. */
  readonly refusal?: { readonly reason: RefusalReason | 'unsupported' | 'away'; readonly message: string }
}
