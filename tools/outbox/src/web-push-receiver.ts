import { createECDH, createPublicKey, randomBytes, randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { decryptPush, type ReceiverKeys } from './decrypt-push.ts'
import type { Mailbox } from './mailbox.ts'
import { readJwt } from './read-jwt.ts'

/** What `PushSubscription.toJSON()` of a browser says. */
export interface Subscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

export interface WebPushReceiver {
  /** A browser subscribes. A name that begins with `gone-` answers 410 ever after, `down-` 503. */
  subscribe(name?: string): Subscription
  /** Takes a push (RFC 8030) and answers with its status. */
  receive(id: string, push: { headers: IncomingHttpHeaders; body: Buffer }): number
}

const MOST_SUBSCRIPTIONS = 1000
const DAY = 86_400
const name = z.string().regex(/^[\w-]{1,40}$/)
const content = z.object({
  id: z.string(),
  title: z.string(),
  body: z.string(),
  data: z.record(z.string(), z.string()).default({}),
})

/** A push service for browsers, and the browsers: it keeps their private keys, in memory. */
export function webPushReceiver(mailbox: Mailbox, origin: () => string): WebPushReceiver {
  const subscriptions = new Map<string, ReceiverKeys>()
  const endpointOf = (id: string) => `${origin()}/push/${id}`
  return {
    subscribe(wanted = 'browser') {
      const id = `${name.parse(wanted)}-${randomUUID()}`
      const pair = createECDH('prime256v1')
      const p256dh = pair.generateKeys('base64url')
      const auth = randomBytes(16)
      subscriptions.set(id, { pair, auth })
      const [oldest] = subscriptions.keys()
      if (subscriptions.size > MOST_SUBSCRIPTIONS && oldest !== undefined) subscriptions.delete(oldest)
      return { endpoint: endpointOf(id), keys: { p256dh, auth: auth.toString('base64url') } }
    },

    receive(id, { headers, body }) {
      const refusal = refusalOf(headers, origin())
      if (refusal !== undefined) return refusal
      if (id.startsWith('gone-')) return 410
      if (id.startsWith('down-')) return 503
      const keys = subscriptions.get(id)
      if (!keys) return 404
      mailbox.add({ ...readContent(decryptPush(body, keys)), channel: 'push', to: endpointOf(id), html: '' })
      return 201
    },
  }
}

/** What a sender must say (RFC 8030 5.2, RFC 8291 4, RFC 8292 2 to 4). */
function refusalOf(headers: IncomingHttpHeaders, origin: string): number | undefined {
  if (!/^\d+$/.test(String(headers['ttl'])) || headers['content-encoding'] !== 'aes128gcm') return 400
  const [, jwt, key] = /^vapid t=([\w.-]+), ?k=([\w-]{87})$/i.exec(headers.authorization ?? '') ?? []
  if (jwt === undefined || key === undefined) return 401
  const claims = readJwt(jwt, publicKeyOf(Buffer.from(key, 'base64url')))
  const isForUs = claims?.aud === origin && Number(claims.exp) * 1000 < Date.now() + DAY * 1000
  return isForUs && /^(mailto:|https:)/.test(String(claims.sub)) ? undefined : 403
}

const publicKeyOf = (point: Buffer) =>
  createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  })

/** What our apps send; of anything else the text. */
function readContent(plain: Buffer) {
  const text = plain.toString('utf8')
  const { success, data } = content.safeParse(parse(text))
  if (!success) return { id: randomUUID(), subject: '', text, data: {} }
  return { id: data.id, subject: data.title, text: data.body, data: data.data }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
