import { KeysUnavailable } from '@strongroom/proofs'
import { providerUnavailable } from '../refusals.ts'

/** An outage: the login provider cannot be asked, so nothing was judged. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable'
  readonly code: string
  readonly retryAfterSeconds: number
  readonly refusal = providerUnavailable()

  /** `code` is short and plain, such as `http-503`, `ETIMEDOUT`, `invalid_client`. */
  constructor(code: string, retryAfterSeconds = 5) {
    super(`the login provider cannot be asked (${code})`)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Keys that cannot be fetched are the provider's outage, not ours. */
export function asProviderOutage(error: unknown): never {
  throw error instanceof KeysUnavailable ? new ProviderUnavailable(error.code, error.retryAfterSeconds) : error
}
