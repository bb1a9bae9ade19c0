import { once } from 'node:events'
import { fcmReceiver } from './fcm-receiver.ts'
import { listen } from './listen.ts'
import type { Mailbox } from './mailbox.ts'
import { openPushIdentity } from './push-identity.ts'
import { pushReceiver } from './push-receiver.ts'
import { type Subscription, webPushReceiver } from './web-push-receiver.ts'

export interface PushOptions {
  /** Any free port where it is 0, busy or not given. */
  readonly pushPort?: number
  /** Where keys and certificate are kept over restarts, readable by its owner alone; made anew where none is given. */
  readonly pushFile?: string
}

/** Every push service in one: those of browsers, and Firebase Cloud Messaging. */
export interface Push {
  /** `https://127.0.0.1:8026`. */
  readonly url: string
  /** PEM of the certificate by which it may be called so, and by Google's names. */
  readonly ca: string
  /** The variables that make an app push through here. */
  environment(): Promise<PushEnvironment>
  /** A browser subscribes; `gone-…` and `down-…` answer 410 and 503. In memory: after a restart it is unknown. */
  subscribe(name?: string): Subscription
}

export type PushEnvironment = Readonly<
  Record<
    | 'PUSH_DEVELOPMENT_URL'
    | 'PUSH_DEVELOPMENT_CA'
    | 'FCM_SERVICE_ACCOUNT'
    | 'VAPID_SUBJECT'
    | 'VAPID_PUBLIC_KEY'
    | 'VAPID_PRIVATE_KEY',
    string
  >
>

interface Place extends PushOptions {
  readonly host: string
  readonly authority: string
}

/** Starts to listen; what it returns with the rest ends that. */
export async function startPush(mailbox: Mailbox, { pushPort = 0, pushFile, host, authority }: Place) {
  const identity = openPushIdentity(pushFile)
  const at = { url: '' }
  const web = webPushReceiver(mailbox, () => at.url)
  const server = pushReceiver({ identity, fcm: fcmReceiver(mailbox, identity), web })
  at.url = `https://${authority}:${String(await listen(server, host, pushPort))}`
  const push: Push = {
    url: at.url,
    ca: identity.certificate,
    subscribe: (name) => web.subscribe(name),
    async environment() {
      return {
        PUSH_DEVELOPMENT_URL: at.url,
        PUSH_DEVELOPMENT_CA: identity.certificate,
        FCM_SERVICE_ACCOUNT: JSON.stringify(await identity.serviceAccount()),
        VAPID_SUBJECT: 'mailto:keys@strongroom.example',
        VAPID_PUBLIC_KEY: identity.vapid.publicKey,
        VAPID_PRIVATE_KEY: identity.vapid.privateKey,
      }
    },
  }
  const stop = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { push, stop }
}
