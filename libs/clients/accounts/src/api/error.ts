/** What the server refused, or that it could not be asked. The message is the server's own; it never holds what was sent. */
export class AccountsError extends Error {
  /** HTTP status; 0 when no answer came, or none that could be read. */
  readonly status: number
  /** The API's own: `PleaseSignUp`, `TwoFactorPending` and so on; none where something else than the API answered. */
  readonly code: string | undefined
  /** Seconds, where the server said when to come back. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    { status, code, retryAfter }: { status: number; code?: string | undefined; retryAfter?: number | undefined },
  ) {
    super(message)
    this.name = 'AccountsError'
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }

  /** The same call may go well later. A write may have been carried out all the same. */
  get isOutage(): boolean {
    return this.status === 0 || this.status >= 500
  }
}
