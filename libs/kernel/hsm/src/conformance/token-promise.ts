import type { KeyJob } from '../keystore.ts'
import type { Trial } from './trial.ts'

/** What a promise is about: a job that keys of the token have, or a strategy by its name. */
export type Need = KeyJob | 'hsm-gcm' | 'A256KW-RFC3394' | 'A256KWP-RFC5649'

/** One sentence that holds of every token and of the keystore on it, and how that is found out. */
export interface TokenPromise {
  readonly area: string
  readonly says: string
  /** A token that cannot do one of these has to say so (`Unsupported`) instead of keeping the promise. */
  readonly needs: readonly Need[]
  /** Throws where the token breaks the promise. */
  keep(trial: Trial): Promise<void> | void
}

interface Chapter {
  readonly area: string
  readonly needs: readonly Need[]
}

/** The promises of one area, each under its sentence. */
export const promisesOf = (
  { area, needs }: Chapter,
  kept: Readonly<Record<string, TokenPromise['keep']>>,
): readonly TokenPromise[] => Object.entries(kept).map(([says, keep]) => ({ area, says, needs, keep }))
