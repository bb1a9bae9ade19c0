import type { Refusal } from './refusal.ts'

/** Thrown by the kernel seam that knows: the token or the database did not answer, and when to come back. */
export interface Outage extends Error {
  readonly retryAfterSeconds: number
  /** What it is called on the wire, where an API has a word of its own for it; `unavailable` else. */
  readonly refusal?: Refusal
}

export const isOutage = (error: unknown): error is Outage =>
  error instanceof Error && 'retryAfterSeconds' in error && typeof error.retryAfterSeconds === 'number'
