import type { Budget } from '@strongroom/guesses'

/** How codes of one kind are made, limited and guessed at. Times are seconds. */
export interface CodePolicy {
  readonly kind: string
  /** From the moment when the code is sent. */
  readonly lifetime: number
  /** Guesses at the subject that a code outlives. */
  readonly tries: number
  /** Codes that may be alive at once; a new one kills none. */
  readonly live: number
  /** Codes that may be asked for, by subject and by group. */
  readonly sends: readonly { readonly most: number; readonly window: number }[]
  /** Guesses at the subject, whatever the code. */
  readonly budget: Budget
}
