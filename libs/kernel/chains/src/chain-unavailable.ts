/** An outage: the chain’s node did not answer, or not as one; nothing was sent that is not kept to be sent again. */
export class ChainUnavailable extends Error {
  override readonly name = 'ChainUnavailable'
  readonly code: string
  readonly retryAfterSeconds: number

  /** `code` is short and plain, such as `http_503`, `ETIMEDOUT`, `other_chain`. */
  constructor(code: string, retryAfterSeconds = 5) {
    super(`the chain cannot be asked (${code})`)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}
