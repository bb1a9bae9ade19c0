import type { Channel } from './message.ts'

/**
 * Where a failure came from: a channel and a short code such as `smtp-451`, `http-503`, `ETIMEDOUT`. Providers repeat
 * the address and the text in what they answer, so neither their words nor the error they came in are ever kept.
 */
export interface Failure {
  readonly channel: Channel
  readonly code: string
  /** Seconds, where the provider said when to come back. */
  readonly retryAfterSeconds?: number
}

const USUAL_WAIT = 30
const LONGEST_WAIT = 3600

/** An outage: nothing is known to be delivered. Carries `retryAfterSeconds`, as every outage of the kernel does. */
export class ProviderUnavailable extends Error {
  override readonly name: string = 'ProviderUnavailable'
  readonly channel: Channel
  readonly code: string
  readonly retryAfterSeconds: number

  constructor({ channel, code, retryAfterSeconds = USUAL_WAIT }: Failure, reason = 'is unavailable') {
    super(`the ${channel} provider ${reason} (${shortCode(code)})`)
    this.channel = channel
    this.code = shortCode(code)
    this.retryAfterSeconds = Math.min(Math.max(1, Math.ceil(retryAfterSeconds)), LONGEST_WAIT)
  }
}

/** An outage that no waiting ends: wrong password, no TLS, wrong URL. An operator has to look. */
export class ProviderMisconfigured extends ProviderUnavailable {
  override readonly name = 'ProviderMisconfigured'

  constructor(failure: Failure) {
    super({ retryAfterSeconds: 300, ...failure }, 'does not accept how it is configured')
  }
}

/**
 * `refused`: the provider said no to this recipient or message for good. `recipientGone`: the device of a push is no more;
 * forget it. `channelMissing`: nothing serves the channel.
 */
export type UndeliverableReason = 'refused' | 'recipientGone' | 'channelMissing'

/** Trying again changes nothing. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable'
  readonly channel: Channel
  readonly code: string
  readonly reason: UndeliverableReason

  constructor({ channel, code }: Failure, reason: UndeliverableReason = 'refused') {
    super(`the ${channel} message cannot be delivered: ${reason} (${shortCode(code)})`)
    this.channel = channel
    this.code = shortCode(code)
    this.reason = reason
  }
}

/** Codes may come from outside: anything that is not short and plain is dropped. */
const shortCode = (code: string) => (/^[A-Za-z0-9_-]{1,40}$/.test(code) ? code : 'unknown')
