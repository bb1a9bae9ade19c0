import { type Failure, ProviderMisconfigured, ProviderUnavailable, Undeliverable } from './errors.ts'

/**
 * Twilio's error codes for a number that cannot or must not be reached: not a number, unreachable, blocked region, not
 * permitted, unsubscribed, not reachable from ours, not mobile, text too long, landline.
 */
const refusedForGood = [21211, 21214, 21215, 21217, 21408, 21610, 21612, 21614, 21617, 21635]

/** Reads the numbers of what the SDK threw and drops its words, which repeat the phone number. */
export function asTwilioFailure(thrown: unknown): ProviderUnavailable | Undeliverable {
  const { status, code } = (thrown instanceof Error ? thrown : {}) as { status?: unknown; code?: unknown }
  const failure: Failure = { channel: 'sms', code: nameOf(status, code) }
  if (typeof code === 'number' && refusedForGood.includes(code)) return new Undeliverable(failure)
  const aboutUs = typeof status === 'number' && status >= 300 && status < 500 && ![408, 429].includes(status)
  return aboutUs ? new ProviderMisconfigured(failure) : new ProviderUnavailable(failure)
}

function nameOf(status: unknown, code: unknown): string {
  if (typeof code === 'number') return `twilio-${String(code)}`
  if (typeof status === 'number') return `http-${String(status)}`
  return typeof code === 'string' ? code : 'unknown'
}
