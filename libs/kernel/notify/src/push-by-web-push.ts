import type { lookup } from 'node:dns'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { RequestDetails } from 'web-push'
import { type Failure, ProviderMisconfigured, ProviderUnavailable, Undeliverable } from './errors.ts'
import type { LoopbackPush } from './loopback-push.ts'
import type { Message, Sender } from './message.ts'
import { NOT_PUBLIC, publicLookup } from './public-address.ts'
import { readPushAddress } from './push-address.ts'
import { contentOf, topicOf, USUAL_TTL } from './push-content.ts'
import { endpointCheck, usualPushHosts } from './push-hosts.ts'
import { readRetryAfter } from './retry-after.ts'
import { readVapid, type Vapid } from './vapid.ts'

export interface WebPushOptions extends Vapid {
  /** See `endpointCheck`; `usualPushHosts` where none are given. */
  readonly allowedHosts?: readonly string[]
  /** A push service on this machine that is allowed too. For development and tests alone. */
  readonly loopback?: LoopbackPush
  /** Seconds that the push service may keep a message; 300 where none are given. */
  readonly ttlSeconds?: number
  /** Milliseconds from `send` to the status of the answer; 10,000 where none are given. */
  readonly timeoutMs?: number
  /** How names become addresses; the system's way where none is given. */
  readonly resolve?: typeof lookup
}

/** Octets that fit beside salt, key and tag into the 4,096 that every push service takes (RFC 8030 7.2, RFC 8291 4). */
const MOST_OCTETS = 3993

/**
 * Sends to browsers by Web Push: encrypted for the subscription (RFC 8291), signed as us (RFC 8292), as JSON of
 * `{ id, title, body, data }`. Endpoints come from people: only hosts on the list are dialled, at public addresses.
 * 404, 410: the subscription is gone. The body of the answer is not read, a redirect not followed.
 * @throws TypeError where the configuration cannot be read.
 */
export function pushByWebPush(options: WebPushOptions): Required<Sender> {
  const { allowedHosts = usualPushHosts, loopback, ttlSeconds = USUAL_TTL, timeoutMs = 10_000, resolve } = options
  const isAllowed = endpointCheck(allowedHosts, loopback)
  readVapid(options)
  const outside = new Agent({ lookup: publicLookup(resolve) })
  const inside = new Agent({ ca: loopback?.ca })
  return {
    async send(message) {
      const signal = AbortSignal.timeout(timeoutMs)
      const address = readPushAddress(message.to)
      if (address?.provider !== 'web') throw new Undeliverable({ channel: 'push', code: 'address' })
      if (!isAllowed(address.endpoint)) throw new Undeliverable({ channel: 'push', code: 'host' })
      const subscription = { endpoint: address.endpoint.href, keys: address.keys }
      const { default: library } = await import('web-push')
      const details = library.generateRequestDetails(subscription, contentFor(message), {
        vapidDetails: readVapid(options),
        contentEncoding: 'aes128gcm',
        TTL: message.keepSeconds ?? ttlSeconds,
        urgency: 'high',
        topic: topicOf(message.id),
      })
      const agent = address.endpoint.origin === loopback?.url.origin ? inside : outside
      const answer = await post(details, { agent, signal }).catch((error: unknown) => {
        throw asConnectionFailure(error, signal)
      })
      if (Math.floor((answer.statusCode ?? 0) / 100) !== 2) throw asFailure(answer)
    },
    close() {
      outside.destroy()
      inside.destroy()
    },
  }
}

function contentFor(message: Message): string {
  const content = JSON.stringify(contentOf(message))
  if (Buffer.byteLength(content) > MOST_OCTETS) throw new Undeliverable({ channel: 'push', code: 'too-large' })
  return content
}

/** Answers with the head of the answer; its body is hung up on. */
async function post(
  { endpoint, method, headers, body }: RequestDetails,
  how: { agent: Agent; signal: AbortSignal },
): Promise<IncomingMessage> {
  const asked = request(endpoint, { method, headers, ...how })
  // Hanging up breaks the connection on purpose.
  asked.on('error', () => undefined)
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.destroy()
  return answer
}

function asConnectionFailure(error: unknown, { aborted }: AbortSignal): Error {
  const code = aborted ? 'ETIMEDOUT' : error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === NOT_PUBLIC) return new Undeliverable({ channel: 'push', code })
  return new ProviderUnavailable({ channel: 'push', code })
}

function asFailure({ statusCode: status = 0, headers }: IncomingMessage): Error {
  const wait = readRetryAfter(headers['retry-after'])
  const failure: Failure = { channel: 'push', code: `http-${String(status)}`, ...wait }
  if (status === 404 || status === 410) return new Undeliverable(failure, 'recipientGone')
  if (status === 401 || status === 403) return new ProviderMisconfigured(failure)
  const passing = status >= 500 || [408, 425, 429].includes(status)
  return passing ? new ProviderUnavailable(failure) : new Undeliverable(failure)
}
