import { createRequire } from 'node:module'
import { createECDH, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Message } from './message.ts'
import { pushAddressCheck, pushDoors, pushFrom } from './push-from.ts'
import { sendersFrom } from './senders-from.ts'
import { notifySettings, type NotifyValues, pushSettings, type PushValues } from './settings.ts'

const readAll = (settings: typeof pushSettings | typeof notifySettings, env: Record<string, string>) =>
  Object.fromEntries(Object.entries(settings).map(([name, { schema }]) => [name, schema.parse(env[name])]))
/** Reads an environment as the service does. */
const read = (env: Record<string, string>) => readAll(pushSettings, env) as unknown as PushValues

const pair = createECDH('prime256v1')
const vapid = {
  VAPID_SUBJECT: 'mailto:keys@example.com',
  VAPID_PUBLIC_KEY: pair.generateKeys('base64url'),
  VAPID_PRIVATE_KEY: pair.getPrivateKey('base64url'),
}
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const FCM_SERVICE_ACCOUNT = JSON.stringify({
  project_id: 'a',
  client_email: 'a@b.c',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
})
const development = {
  PUSH_DEVELOPMENT_URL: 'https://127.0.0.1:8026',
  PUSH_DEVELOPMENT_CA: '-----BEGIN CERTIFICATE-----\n',
}
const phone = 'fcm:a-token'
const browser = (endpoint: string) =>
  `web:${JSON.stringify({ endpoint, keys: { p256dh: vapid.VAPID_PUBLIC_KEY, auth: 'A'.repeat(22) } })}`
const chrome = browser('https://fcm.googleapis.com/fcm/send/1')
const message = (to: string): Message => ({ id: 'a', channel: 'push', to, subject: '', text: '' })
const failureOf = async (values: PushValues, to: string) => {
  const sender = sendersFrom(readAll(notifySettings, {}) as unknown as NotifyValues, { push: pushFrom(values) })
  return sender.send(message(to)).catch((error: unknown) => error)
}

test('what no provider is given for is undeliverable, and says so', async () => {
  expect(pushFrom(read({}))).toBeUndefined()
  expect(await failureOf(read({}), phone)).toMatchObject({ channel: 'push', reason: 'channelMissing' })
  expect(await failureOf(read(vapid), phone)).toMatchObject({ channel: 'push', reason: 'channelMissing', code: 'fcm' })
  expect(await failureOf(read({ FCM_SERVICE_ACCOUNT }), chrome)).toMatchObject({
    reason: 'channelMissing',
    code: 'web',
  })
  expect(await failureOf(read(vapid), 'apns:1')).toMatchObject({ reason: 'refused', code: 'address' })
})

test('a device is taken only where a push to it could be sent', () => {
  const both = pushAddressCheck(read({ ...vapid, FCM_SERVICE_ACCOUNT }))
  expect([phone, chrome].map(both)).toEqual([true, true])
  expect([phone, chrome].map(pushAddressCheck(read(vapid)))).toEqual([false, true])
  expect([phone, chrome].map(pushAddressCheck(read({ FCM_SERVICE_ACCOUNT })))).toEqual([true, false])
  expect(
    ['', 'a-token', 'web:{}', browser('https://10.0.0.1/'), browser('https://127.0.0.1:8026/x')].map(both),
  ).toEqual(Array(5).fill(false))
})

test('the hosts of browsers are what the operator says', () => {
  const check = pushAddressCheck(read({ ...vapid, PUSH_WEB_ALLOWED_HOSTS: 'push.example.com, *.example.org' }))
  const hosts = ['push.example.com', 'a.b.example.org', 'example.org', 'a.push.example.com', 'fcm.googleapis.com']
  expect(hosts.filter((host) => check(browser(`https://${host}/1`)))).toEqual(hosts.slice(0, 2))
})

test('development has a door, which tells that it is open', () => {
  const check = pushAddressCheck(read({ ...vapid, ...development }))
  expect(check(browser('https://127.0.0.1:8026/push/1'))).toBe(true)
  expect(check(browser('https://127.0.0.1:8027/push/1'))).toBe(false)
  expect(pushDoors(read({ ...vapid, FCM_SERVICE_ACCOUNT }))).toEqual([])
  expect(pushDoors(read(development))).toEqual([expect.stringMatching(/^PUSH_DEVELOPMENT_URL and .* unset them\.$/)])
  for (const [name, value] of Object.entries(development)) expect(pushDoors(read({ [name]: value }))).toHaveLength(1)
})

test.each([
  { VAPID_SUBJECT: vapid.VAPID_SUBJECT },
  { ...vapid, VAPID_SUBJECT: 'canary' },
  { ...vapid, VAPID_PRIVATE_KEY: 'canary' },
  { VAPID_PRIVATE_KEY: 'canary' },
  { ...vapid, PUSH_WEB_ALLOWED_HOSTS: 'canary' },
  { FCM_SERVICE_ACCOUNT: 'canary' },
  { PUSH_DEVELOPMENT_URL: development.PUSH_DEVELOPMENT_URL },
  { PUSH_DEVELOPMENT_CA: 'canary' },
  { ...development, PUSH_DEVELOPMENT_CA: 'canary' },
  { ...development, PUSH_DEVELOPMENT_URL: 'http://127.0.0.1:8026' },
  { ...development, PUSH_DEVELOPMENT_URL: 'https://canary.example.com' },
  { ...development, PUSH_DEVELOPMENT_URL: 'https://10.0.0.1' },
  { ...development, PUSH_DEVELOPMENT_URL: 'https://127.0.0.1:8026/canary' },
])('%o is refused, without a value', (env) => {
  const start = () => pushFrom(read(env))
  expect(start).toThrow(TypeError)
  expect(start).not.toThrow('canary')
})

const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('firebase-admin'))

test('the large SDK is loaded by the first message, not by an app that may send one', async () => {
  const values = read({ ...vapid, FCM_SERVICE_ACCOUNT, ...development, PUSH_DEVELOPMENT_URL: 'https://127.0.0.1:1' })
  const sender = pushFrom(values)
  expect(loaded()).toBe(false)
  await sender?.send(message(phone)).catch(() => undefined)
  expect(loaded()).toBe(true)
  sender?.close()
})
