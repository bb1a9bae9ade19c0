import { ECDH } from 'node:crypto'
import { z } from 'zod'

/** Where a push goes: a registration token of FCM, or what a browser's `PushSubscription` says of itself. */
export type PushAddress =
  | { readonly provider: 'fcm'; readonly token: string }
  | { readonly provider: 'web'; readonly endpoint: URL; readonly keys: SubscriptionKeys }

export interface SubscriptionKeys {
  /** Base64url without padding: 65 bytes, an uncompressed point on P-256 (RFC 8291, 3.1). */
  readonly p256dh: string
  /** Base64url without padding: 16 bytes. */
  readonly auth: string
}

const base64url = (characters: number) =>
  z
    .string()
    .regex(new RegExp(String.raw`^[\w-]{${String(characters)}}=*$`))
    .transform((text) => text.replaceAll('=', ''))
const subscription = z.object({
  endpoint: z.string().max(2048),
  keys: z.object({ p256dh: base64url(87).refine(isOnCurve), auth: base64url(22) }),
})
const fcmToken = /^[\w:.-]{1,4096}$/
const MOST_CHARACTERS = 8192

/** Reads `fcm:<token>` or `web:<JSON of a PushSubscription>`; nothing where it is neither. */
export function readPushAddress(to: string): PushAddress | undefined {
  const [, provider, rest = ''] = /^(fcm|web):(.*)$/s.exec(to) ?? []
  if (provider === undefined || to.length > MOST_CHARACTERS) return undefined
  if (provider === 'web') return readSubscription(rest)
  return fcmToken.test(rest) ? { provider: 'fcm', token: rest } : undefined
}

function readSubscription(text: string): PushAddress | undefined {
  const { success, data } = subscription.safeParse(parse(text))
  if (!success || !URL.canParse(data.endpoint)) return undefined
  return { provider: 'web', endpoint: new URL(data.endpoint), keys: data.keys }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function isOnCurve(p256dh: string): boolean {
  try {
    ECDH.convertKey(p256dh, 'prime256v1', 'base64url', 'base64url', 'uncompressed')
    return true
  } catch {
    return false
  }
}
