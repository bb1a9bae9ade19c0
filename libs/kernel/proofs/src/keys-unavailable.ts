/** An outage: public keys that a proof is judged by cannot be fetched, so nothing was judged. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
  readonly code: string
  readonly retryAfterSeconds: number

  /** `code` is short and plain, such as `http-503`, `ETIMEDOUT`, `issuer-mismatch`. */
  constructor(code: string, retryAfterSeconds = 5) {
    super(`public keys cannot be fetched (${code})`)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}
