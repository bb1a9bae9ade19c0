import type { ExecutorKind } from '../keystore-options.ts'
import type { InspectionPlan } from './inspection-plan.ts'

export interface BenchPlan extends Pick<InspectionPlan, 'module'> {
  readonly token: NonNullable<InspectionPlan['token']>
  readonly executor: ExecutorKind
  readonly sessions: number
  /** For each operation, here and in OpenSSL. */
  readonly milliseconds: number
}

export interface Rate {
  readonly operation: string
  /** How the token does it, by the name of the strategy. */
  readonly strategy: string
  readonly perSecond: number
  /** The same primitives by OpenSSL in the same process, in the same minute. */
  readonly opensslPerSecond: number
  readonly ratio: number
}

/** What was measured so far. */
export interface BenchNews {
  readonly rates: readonly Rate[]
  readonly executor?: 'inline' | 'process'
  readonly refusal?: { readonly reason: string; readonly message: string }
  readonly isDone: boolean
}
