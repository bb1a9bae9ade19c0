import type { Secret } from '@strongroom/crypto'
import type { Credential } from 'firebase-admin/app'
import type { Message as FcmMessage, Messaging } from 'firebase-admin/messaging'
import { Undeliverable } from './errors.ts'
import { attemptOnce, FcmAgent } from './fcm-attempt.ts'
import { asFcmFailure } from './fcm-failure.ts'
import type { LoopbackPush } from './loopback-push.ts'
import type { Message, Sender } from './message.ts'
import { readPushAddress } from './push-address.ts'
import { contentOf, topicOf, USUAL_TTL } from './push-content.ts'
import { readServiceAccount, type ServiceAccount } from './service-account.ts'

export interface FcmOptions {
  /** The JSON key file of a service account that may send messages. */
  readonly serviceAccount: Secret | string
  /** Dialled instead of Google. For development and tests alone. */
  readonly loopback?: LoopbackPush
  /** Seconds that a message is kept for a device that is off; 300 where none are given. */
  readonly ttlSeconds?: number
  /** Milliseconds for one message, from `send` to the whole answer; 10,000 where none are given. */
  readonly timeoutMs?: number
  /** Milliseconds since 1970, for the one date that Apple wants absolute. */
  readonly now?: () => number
}

let opened = 0

/**
 * Sends to Android, iOS and browsers through Firebase Cloud Messaging. Its SDK is large: it is loaded at the first message.
 * A token that FCM calls unregistered is `recipientGone`.
 * @throws TypeError where the service account is none.
 */
export function pushByFcm(options: FcmOptions): Required<Sender> {
  const { serviceAccount, loopback, timeoutMs = 10_000 } = options
  readServiceAccount(serviceAccount)
  const agent = new FcmAgent(loopback)
  let opening: Promise<Messaging> | undefined
  return {
    async send(message) {
      const content = toFcm(message, options)
      opening ??= openMessaging(serviceAccount, agent)
      const messaging = await opening
      await attemptOnce(timeoutMs, async (attempt) => {
        try {
          await messaging.send(content)
        } catch (error) {
          throw asFcmFailure(error, attempt)
        }
      })
    },
    close: () => agent.destroy(),
  }
}

async function openMessaging(serviceAccount: Secret | string, httpAgent: FcmAgent): Promise<Messaging> {
  const [{ initializeApp }, { getMessaging }] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/messaging'),
  ])
  const account = readServiceAccount(serviceAccount)
  const credential = await openCredential(account, httpAgent)
  // The SDK keeps its apps by name for the whole process.
  const name = `strongroom-push-${String(++opened)}`
  return getMessaging(initializeApp({ projectId: account.projectId, credential, httpAgent }, name))
}

/** The SDK's own credential asks for the right to all of Google's cloud, by another agent than the one it is given. */
async function openCredential({ clientEmail, privateKey }: ServiceAccount, agent: FcmAgent): Promise<Credential> {
  const { JWT } = await import('google-auth-library')
  const scopes = ['https://www.googleapis.com/auth/firebase.messaging']
  const client = new JWT({ email: clientEmail, key: privateKey, scopes, transporterOptions: { agent } })
  return {
    async getAccessToken() {
      const { token } = await client.getAccessToken()
      const expiresIn = ((client.credentials.expiry_date ?? 0) - Date.now()) / 1000
      return { access_token: token ?? '', expires_in: Math.floor(expiresIn) }
    },
  }
}

function toFcm(message: Message, { ttlSeconds = USUAL_TTL, now = Date.now }: FcmOptions): FcmMessage {
  const address = readPushAddress(message.to)
  if (address?.provider !== 'fcm') throw new Undeliverable({ channel: 'push', code: 'address' })
  const { id, title, body, data } = contentOf(message)
  const { keepSeconds = ttlSeconds } = message
  return {
    token: address.token,
    notification: { title, body },
    data,
    android: { priority: 'high', ttl: keepSeconds * 1000, notification: { tag: id } },
    apns: {
      headers: {
        'apns-priority': '10',
        'apns-expiration': String(Math.floor(now() / 1000) + keepSeconds),
        'apns-collapse-id': topicOf(id),
      },
    },
    webpush: { headers: { TTL: String(keepSeconds), Urgency: 'high' } },
  }
}
