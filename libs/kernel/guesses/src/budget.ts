/** How often a kind of secret may be guessed. */
export interface Budget {
  /** What is guessed: the first half of a budget's name in the database, such as `pin`. */
  readonly kind: string
  /** Guesses in one window. */
  readonly guesses: number
  /** Seconds of the first window. */
  readonly window: number
  /** `doubling`: every further `guesses` wrong ones since the secret was set double the next window. */
  readonly growth: 'doubling' | 'steady'
}

/** Whose secret is guessed, and what a right guess is for: the audit log tells both. */
export interface Attempt {
  readonly subject: string
  readonly purpose: string
}

/** One charge: the right to one comparison. */
export interface Guess extends Attempt {
  readonly number: number
  readonly epoch: number
}

/** Ten years of doubling are enough; the exponent is capped so that an interval never overflows. */
export const MAX_DOUBLINGS = 12

/** Seconds of a window that opens after so many wrong guesses: what `charge` computes in SQL, for documents and tests. */
export const windowSeconds = ({ window, guesses, growth }: Budget, wrong: number): number =>
  growth === 'steady' ? window : window * 2 ** Math.min(Math.floor(wrong / guesses), MAX_DOUBLINGS)
