import type { ExecutorKind } from '../keystore-options.ts'
import type { ProfileName } from '../profiles/vendor-profile.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import type { Outcome } from './run-promise.ts'
import type { Survey } from './survey.ts'

/** Modules that we can make a throw-away token on. */
export type TokenMaker = 'SoftHSM' | 'NSS' | 'openCryptoki'

export interface OwnToken {
  readonly label: string
  readonly pin: string
  /** Of whose make it is; by what it says of itself, without one. */
  readonly profile?: ProfileName | undefined
}

/** What a process that judges a token is told, over its channel: the PIN is on no command line and in no environment. */
export interface JudgePlan {
  readonly module: ModuleSource
  /** A token that exists, on which keys are made and destroyed; or who makes one, and in which directory. */
  readonly token: OwnToken | { readonly maker: TokenMaker; readonly directory: string }
  /** In a process of its own a token stands behind the fault shim, and is a throw-away one. */
  readonly executor: Exclude<ExecutorKind, 'auto'>
  /** What to try, by its sentences. */
  readonly promises: readonly string[]
}

export type JudgeNews =
  | { readonly told: 'survey'; readonly survey: Survey }
  | { readonly told: 'begin'; readonly area: string; readonly says: string }
  | { readonly told: 'outcome'; readonly outcome: Outcome }
  | { readonly told: 'failure'; readonly reason: string }
  | { readonly told: 'end' }
