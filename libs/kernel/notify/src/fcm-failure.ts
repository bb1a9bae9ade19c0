import { z } from 'zod'
import { type Failure, ProviderMisconfigured, ProviderUnavailable, Undeliverable } from './errors.ts'
import type { Attempt } from './fcm-attempt.ts'
import { readRetryAfter } from './retry-after.ts'

/** What FCM says in `error`: a code of its own among the details, or else a status of Google's APIs. */
const answered = z.object({
  status: z.number(),
  headers: z.record(z.string(), z.unknown()).catch({}),
  data: z
    .object({ error: z.object({ status: z.string().optional(), details: z.array(z.unknown()).optional() }) })
    .optional()
    .catch(undefined),
})
const detail = z.object({ '@type': z.string().endsWith('.FcmError'), errorCode: z.string() })

const gone = ['UNREGISTERED', 'NOT_FOUND']
/** A token or a message that is none, and a token that another project was given. */
const refused = ['INVALID_ARGUMENT', 'SENDER_ID_MISMATCH']
const aboutUs = ['PERMISSION_DENIED', 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR', 'APNS_AUTH_ERROR']
const passing = ['UNAVAILABLE', 'INTERNAL', 'QUOTA_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNSPECIFIED_ERROR']
const known = [...gone, ...refused, ...aboutUs, ...passing]
const untrusted = /CERT|SELF_SIGNED|_TLS_|_SSL_|UNABLE_TO_/

/** Reads the codes of what the SDK threw and drops the rest: it keeps the request, with the token and the text. */
export function asFcmFailure(thrown: unknown, attempt: Attempt): ProviderUnavailable | Undeliverable {
  if (thrown instanceof ProviderUnavailable) return thrown
  const { httpResponse, code } = (thrown instanceof Error ? thrown : {}) as { httpResponse?: unknown; code?: unknown }
  const answer = answered.safeParse(httpResponse)
  if (answer.success) return asAnswer(answer.data)
  if (attempt.asked || attempt.code) return asConnection(attempt)
  // The SDK found the message impossible before it asked anybody.
  if (String(code).startsWith('messaging/')) return new Undeliverable({ channel: 'push', code: 'fcm-message' })
  return asTokenAnswer(attempt)
}

function asAnswer({ status, headers, data }: z.output<typeof answered>) {
  const own = data?.error.details?.map((one) => detail.safeParse(one).data?.errorCode).find(Boolean)
  const said = own ?? data?.error.status ?? ''
  const code = known.includes(said) ? `fcm-${said}` : `http-${String(status)}`
  const failure: Failure = { channel: 'push', code, ...readRetryAfter(String(headers['retry-after'])) }
  if (gone.includes(said)) return new Undeliverable(failure, 'recipientGone')
  if (refused.includes(said)) return new Undeliverable(failure)
  if (aboutUs.includes(said)) return new ProviderMisconfigured(failure)
  return passing.includes(said) ? new ProviderUnavailable(failure) : asStatus(status, failure)
}

/** A proxy in between, or a code that is new to us: nothing is known of the device. */
const asStatus = (status: number, failure: Failure) =>
  status >= 500 || [200, 408, 429].includes(status)
    ? new ProviderUnavailable(failure)
    : new ProviderMisconfigured(failure)

function asConnection({ code }: Attempt) {
  const failure: Failure = { channel: 'push', code: code || 'unknown' }
  return untrusted.test(code) ? new ProviderMisconfigured(failure) : new ProviderUnavailable(failure)
}

/** Google did not grant our service account the right to send; without a status another send was told so. */
const asTokenAnswer = ({ status }: Attempt) =>
  status === 0
    ? new ProviderUnavailable({ channel: 'push', code: 'token' })
    : asStatus(status, { channel: 'push', code: `token-${String(status)}` })
