import { type LoopbackPush, readLoopbackPush } from './loopback-push.ts'
import type { Sender } from './message.ts'
import { readPushAddress } from './push-address.ts'
import { pushByFcm } from './push-by-fcm.ts'
import { pushByWebPush } from './push-by-web-push.ts'
import { endpointCheck } from './push-hosts.ts'
import { pushRoute } from './push-route.ts'
import type { PushValues } from './settings.ts'

/**
 * The push sender that a configuration names, for `sendersFrom`; none where it names no provider.
 * @throws TypeError where it is half given or cannot be read; names variables, never values.
 */
export function pushFrom(values: PushValues): Required<Sender> | undefined {
  const loopback = loopbackFrom(values)
  const fcm = fcmFrom(values, loopback)
  const web = webFrom(values, loopback)
  return fcm || web ? pushRoute({ ...(fcm && { fcm }), ...(web && { web }) }) : undefined
}

/** The doors that these settings open, a sentence each: production must not start with one. */
export const pushDoors = ({ PUSH_DEVELOPMENT_URL: url, PUSH_DEVELOPMENT_CA: ca }: PushValues): readonly string[] =>
  url === undefined && ca === undefined
    ? []
    : ['PUSH_DEVELOPMENT_URL and PUSH_DEVELOPMENT_CA send every push to this machine: unset them.']

/**
 * Whether a push to this address could be sent at all: for whoever registers a device, so that what can only fail is
 * refused there. Says nothing of whether the device exists.
 */
export function pushAddressCheck(values: PushValues): (to: string) => boolean {
  const isAllowed = endpointCheck(values.PUSH_WEB_ALLOWED_HOSTS, loopbackFrom(values))
  const served = { fcm: values.FCM_SERVICE_ACCOUNT !== undefined, web: values.VAPID_PRIVATE_KEY !== undefined }
  return (to) => {
    const address = readPushAddress(to)
    if (!address || !served[address.provider]) return false
    return address.provider === 'fcm' || isAllowed(address.endpoint)
  }
}

function fcmFrom({ FCM_SERVICE_ACCOUNT: serviceAccount }: PushValues, loopback: LoopbackPush | undefined) {
  return serviceAccount && pushByFcm({ serviceAccount, ...(loopback && { loopback }) })
}

function webFrom(values: PushValues, loopback: LoopbackPush | undefined): Sender | undefined {
  const { VAPID_SUBJECT: subject, VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey } = values
  const allowedHosts = values.PUSH_WEB_ALLOWED_HOSTS
  if (subject && publicKey && privateKey) {
    return pushByWebPush({ subject, publicKey, privateKey, allowedHosts, ...(loopback && { loopback }) })
  }
  if (subject || publicKey || privateKey) {
    throw new TypeError('VAPID_SUBJECT, VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY are given together')
  }
  return undefined
}

function loopbackFrom({ PUSH_DEVELOPMENT_URL: url, PUSH_DEVELOPMENT_CA: ca }: PushValues): LoopbackPush | undefined {
  if (url && ca) return readLoopbackPush({ url, ca })
  if (url || ca) throw new TypeError('PUSH_DEVELOPMENT_URL and PUSH_DEVELOPMENT_CA are given together')
  return undefined
}
