/** Thrown by the kernel seam that knows: the token or the database did not answer, and when to come back. */
export interface Outage extends Error {
  readonly retryAfterSeconds: number
}

export const isOutage = (error: unknown): error is Outage =>
  error instanceof Error && 'retryAfterSeconds' in error && typeof error.retryAfterSeconds === 'number'
