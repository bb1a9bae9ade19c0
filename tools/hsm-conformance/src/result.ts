import type { Judgement, Outcome, Survey } from '@strongroom/hsm/conformance'
import type { Subject } from './subjects.ts'

/** What `--json` prints of a module. */
export interface ModuleResult extends Partial<Survey> {
  readonly name: string
  readonly path: string
  /** Promises that were kept, and those that the token refused as unsupported in place of breaking them. */
  readonly passed: number
  readonly failed: number
  /** How many of `passed` were refused so. */
  readonly unsupported: number
  readonly strategies: readonly string[]
  /** What to know although every promise was kept. */
  readonly notes: readonly string[]
  readonly promises: readonly Outcome[]
  /** Why the token could not be opened; counts as one that failed. */
  readonly failure?: string
}

export function resultOf({ name, module }: Subject, { survey, outcomes, failure }: Judgement): ModuleResult {
  const count = (verdict: Outcome['verdict']) => outcomes.filter((outcome) => outcome.verdict === verdict).length
  const kept = outcomes.filter(({ verdict }) => verdict === 'kept')
  return {
    name,
    path: module.path,
    passed: count('kept') + count('unsupported'),
    failed: count('broken') + (failure === undefined ? 0 : 1),
    unsupported: count('unsupported'),
    strategies: [],
    ...survey,
    notes: [...new Set(kept.flatMap(({ remarks }) => remarks))],
    promises: outcomes,
    ...(failure !== undefined && { failure }),
  }
}
