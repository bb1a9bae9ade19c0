import type { Secret } from '@strongroom/crypto'
import { type Failure, ProviderMisconfigured, ProviderUnavailable, Undeliverable } from './errors.ts'
import { exposeText } from './expose-text.ts'
import { isLoopback } from './loopback.ts'
import { checkId, type Sender } from './message.ts'
import { readRetryAfter } from './retry-after.ts'

export interface SmsHttpOptions {
  /** From the configuration, never from a request. `https:`, or `http:` on this machine; no user or password in it. */
  readonly url: string
  /** Sent as `Authorization: Bearer …`. */
  readonly bearer: Secret
  /** Milliseconds from `send` to the status of the answer; 10,000 where none are given. */
  readonly timeoutMs?: number
}

/**
 * Sends SMS through any gateway that takes `POST` of `{ "id", "to", "text" }` as JSON, with `Idempotency-Key: <id>`.
 * 2xx: taken. 400, 410, 422: refused for good. 408, 425, 429, 5xx: come back later. All else, a redirect included: an
 * operator has to look. The body of the answer is not read.
 * @throws TypeError where the URL is none of the kind.
 */
export function smsByHttp({ url, bearer, timeoutMs = 10_000 }: SmsHttpOptions): Sender {
  const target = readUrl(url)
  return {
    async send(message) {
      const id = checkId(message)
      const request = {
        method: 'POST',
        headers: {
          authorization: `Bearer ${exposeText(bearer)}`,
          'content-type': 'application/json',
          'idempotency-key': id,
        },
        body: JSON.stringify({ id, to: message.to, text: message.text }),
        // A gateway that was taken over must not be able to point us at our own network.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      } as const
      const answer = await fetch(target, request).catch((error: unknown) => {
        throw new ProviderUnavailable({ channel: 'sms', code: codeOf(error) })
      })
      // Hanging up on a body that never ends must not fail what was taken.
      await answer.body?.cancel().catch(() => undefined)
      if (!answer.ok) throw asFailure(answer)
    },
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const safe = url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))
  if (!safe || url.username || url.password) {
    throw new TypeError('the SMS URL is https, or http on this machine, without user and password')
  }
  return url
}

function asFailure({ status, headers }: Response): Error {
  const wait = readRetryAfter(headers.get('retry-after'))
  const failure: Failure = { channel: 'sms', code: `http-${String(status)}`, ...wait }
  if ([400, 410, 422].includes(status)) return new Undeliverable(failure)
  const passing = status >= 500 || [408, 425, 429].includes(status)
  return passing ? new ProviderUnavailable(failure) : new ProviderMisconfigured(failure)
}

/** `fetch` hides the system's code in a cause; its message names the gateway's address and is dropped. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
