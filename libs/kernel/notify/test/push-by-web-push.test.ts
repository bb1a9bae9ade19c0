import { createECDH, randomBytes } from 'node:crypto'
import type { lookup } from 'node:dns'
import { Secret } from '@strongroom/crypto'
import { isOutage } from '@strongroom/http'
import { certify } from '@strongroom/outbox'
import { afterEach, describe, expect, test } from 'vitest'
import { type Message, ProviderUnavailable, pushByWebPush, Undeliverable, type WebPushOptions } from '../src/index.ts'
import { canary, failureOf } from './leak-trap.ts'
import { answering, drip, type PushService, startPushService, untilAsked } from './push-service.ts'

const browser = createECDH('prime256v1')
const keys = { p256dh: browser.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') }
const server = createECDH('prime256v1')
const vapid = {
  subject: 'mailto:keys@example.com',
  publicKey: server.generateKeys('base64url'),
  privateKey: new Secret(server.getPrivateKey('base64url')),
}
const to = (endpoint: string, more: object = {}) => `web:${JSON.stringify({ endpoint, keys: { ...keys, ...more } })}`
const message: Message = {
  id: '5a3c7d8e-2b1f-4c6a-9d0e-8f7a6b5c4d3e',
  channel: 'push',
  to: to('https://fcm.googleapis.com/fcm/send/canary'),
  subject: canary.subject,
  text: `Tap to approve ${canary.code}`,
  data: { sessionId: 'canary-session' },
}
const running: { stop(): unknown }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

const serve = async (answer: Parameters<typeof startPushService>[0]): Promise<PushService> => {
  const service = await startPushService(answer)
  running.push(service)
  return service
}
const open = (options: Partial<WebPushOptions>) => {
  const sender = pushByWebPush({ ...vapid, timeoutMs: 60_000, ...options })
  running.push({ stop: () => sender.close() })
  return sender
}
const send = ({ loopback }: Pick<PushService, 'loopback'>, options: Partial<WebPushOptions> = {}) =>
  open({ loopback, ...options }).send({ ...message, to: to(`${loopback.url.href}push/canary`) })

// That what is sent opens with the subscription's keys is shown in `outbox.test.ts`.
test('a message is encrypted, urgent, for five minutes, and one at every attempt', async () => {
  const service = await serve(answering(201))
  await send(service)
  await send(service)
  const [first, second] = service.messages()
  expect([first?.method, first?.path]).toEqual(['POST', '/push/canary'])
  expect(first?.headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '300', urgency: 'high' })
  expect(first?.headers.authorization).toMatch(/^vapid t=[\w-]+\.[\w-]+\.[\w-]+, k=[\w-]{87}$/)
  expect(first?.headers['topic']).toMatch(/^[\w-]{32}$/)
  expect(first?.headers['topic']).toBe(second?.headers['topic'])
  expect(first?.body).not.toMatch(/canary|914273/)
})

test('a message that says so is kept for a device that is off for days', async () => {
  const service = await serve(answering(201))
  const to3days = { ...message, to: to(`${service.loopback.url.href}push/canary`), keepSeconds: 3 * 86_400 }
  await open({ loopback: service.loopback }).send(to3days)
  expect(service.messages()[0]?.headers).toMatchObject({ ttl: '259200' })
})

test.each([
  [404, Undeliverable, 'recipientGone'],
  [410, Undeliverable, 'recipientGone'],
  [400, Undeliverable, 'refused'],
  [413, Undeliverable, 'refused'],
  [301, Undeliverable, 'refused'],
  [429, ProviderUnavailable, undefined],
  [500, ProviderUnavailable, undefined],
  [503, ProviderUnavailable, undefined],
])('%i is told apart, without a word of the answer', async (status, kind, reason) => {
  const service = await serve(answering(status, `no: ${canary.subject}`))
  const error = await failureOf(send(service))
  expect(error.constructor).toBe(kind)
  expect(error).toMatchObject({ channel: 'push', code: `http-${String(status)}`, ...(reason && { reason }) })
  expect(isOutage(error)).toBe(kind !== Undeliverable)
  expect(service.messages()).toHaveLength(1)
})

test.each([401, 403])('%i is about our keys', async (status) => {
  expect(await failureOf(send(await serve(answering(status))))).toMatchObject({ name: 'ProviderMisconfigured' })
})

test('a service says when to come back', async () => {
  const service = await serve(answering(429, {}, { 'retry-after': '77' }))
  expect(await failureOf(send(service))).toMatchObject({ retryAfterSeconds: 77 })
})

test.each([301, 302, 303, 307, 308])('a redirect by %i is not followed', async (status) => {
  const inner = await serve(answering(201))
  const service = await serve(answering(status, {}, { location: `${inner.loopback.url.href}canary` }))
  expect(await failureOf(send(service))).toMatchObject({ name: 'Undeliverable', code: `http-${String(status)}` })
  expect(inner.asked).toEqual([])
})

test('a service that hangs is an outage after the time limit, and is hung up on', async () => {
  const service = await serve(() => undefined)
  const { error } = await untilAsked(service, () => failureOf(send(service, { timeoutMs: 300 })))
  expect(error).toMatchObject({ name: 'ProviderUnavailable', code: 'ETIMEDOUT' })
  await expect.poll(() => service.abandoned()).toBeGreaterThan(0)
})

test('an answer without an end holds nobody up once it says yes or no', async () => {
  const yes = await serve(drip(201))
  await send(yes)
  await expect.poll(() => yes.abandoned()).toBe(1)
  expect(await failureOf(send(await serve(drip(410))))).toMatchObject({ reason: 'recipientGone' })
})

test('a service that is not there, or that nobody vouches for, is an outage', async () => {
  const gone = await startPushService(answering(201))
  await gone.stop()
  expect(await failureOf(send(gone))).toMatchObject({ name: 'ProviderUnavailable', code: 'ECONNREFUSED' })
  const service = await serve(answering(201))
  const loopback = { ...service.loopback, ca: certify(['127.0.0.1']).certificate }
  expect(await failureOf(send({ loopback }))).toMatchObject({ name: 'ProviderUnavailable' })
  expect(service.asked).toEqual([])
})

/** Resolves every name as it is told to, and counts. */
const resolver = (...addresses: readonly string[]) => {
  const asked: string[] = []
  const resolve = (host: string, _: unknown, done: (error: null, found: object[]) => void) => {
    asked.push(host)
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return { asked, resolve: resolve as unknown as typeof lookup }
}

describe('an endpoint that a person made up', () => {
  test.each([
    'http://fcm.googleapis.com/canary',
    'https://user:canary@fcm.googleapis.com/',
    'https://fcm.googleapis.com:8443/canary',
    'https://fcm.googleapis.com.example.com/',
    'https://evilnotify.windows.com/',
    'https://push.apple.com.evil.example/',
    'https://localhost/canary',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
  ])('%s is not even looked up', async (endpoint) => {
    for (const allowedHosts of [undefined, ['*']]) {
      const { asked, resolve } = resolver('127.0.0.1')
      // A name among all names is looked up, and found wanting there.
      if (allowedHosts && /^https:\/\/[a-z.]+\//.test(endpoint)) continue
      const sender = open({ resolve, ...(allowedHosts && { allowedHosts }) })
      const error = await failureOf(sender.send({ ...message, to: to(endpoint) }))
      expect(error).toMatchObject({ name: 'Undeliverable', reason: 'refused', code: 'host' })
      expect(asked).toEqual([])
    }
  })

  test.each(['fcm.googleapis.com', 'web.push.apple.com', 'wns2-db5p.notify.windows.com'])(
    'at %s is dialled, where it answers',
    async (host) => {
      const { asked, resolve } = resolver('127.0.0.1')
      const error = await failureOf(open({ resolve }).send({ ...message, to: to(`https://${host}/canary`) }))
      expect(error).toMatchObject({ name: 'Undeliverable', code: 'ENOTPUBLIC' })
      expect(asked).toEqual([host])
    },
  )

  test.each([
    ['127.0.0.1'],
    ['10.1.2.3'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:10.0.0.1'],
    ['fd00::1'],
    ['fe80::1'],
    ['64:ff9b::a00:1'],
    ['142.250.1.95', '192.168.0.1'],
    [],
  ])('whose name leads to %s and %s is not dialled, each time anew', async (...addresses) => {
    const { asked, resolve } = resolver(...addresses)
    const sender = open({ resolve, allowedHosts: ['*'] })
    for (let time = 1; time <= 2; time++) {
      const error = await failureOf(sender.send({ ...message, to: to('https://rebinding.example.com/canary') }))
      expect(error).toMatchObject({ name: 'Undeliverable', code: 'ENOTPUBLIC' })
      expect(asked).toHaveLength(time)
    }
  })

  test('at the port beside the service for development is refused', async () => {
    const service = await serve(answering(201))
    const other = await serve(answering(201))
    const error = await failureOf(
      open({ loopback: service.loopback }).send({ ...message, to: to(other.loopback.url.href) }),
    )
    expect(error).toMatchObject({ code: 'host' })
    expect(other.asked).toEqual([])
  })
})

const offCurve = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]).toString('base64url')

test.each([
  'web:canary',
  'web:{}',
  'web:null',
  to('canary'),
  to('https://fcm.googleapis.com/', { p256dh: offCurve }),
  to('https://fcm.googleapis.com/', { p256dh: 'canary' }),
  to('https://fcm.googleapis.com/', { auth: 'canary' }),
  to(`https://fcm.googleapis.com/${'a'.repeat(3_000)}`),
  'fcm:canary',
])('%.60s… is no subscription', async (wrong) => {
  expect(await failureOf(open({}).send({ ...message, to: wrong }))).toMatchObject({
    name: 'Undeliverable',
    reason: 'refused',
    code: 'address',
  })
})

test('what is too large for a push service is refused, to the octet', async () => {
  const service = await serve(answering(201))
  const around = Buffer.byteLength(JSON.stringify({ id: message.id, title: '', body: '', data: {} }))
  const sized = (octets: number) => {
    const text = 'x'.repeat(octets - around)
    return open(service).send({ ...message, to: to(service.loopback.url.href), subject: '', data: {}, text })
  }
  await sized(3_993)
  expect(service.messages()[0]?.body).toHaveLength(4_096)
  expect(await failureOf(sized(3_994))).toMatchObject({ name: 'Undeliverable', code: 'too-large' })
})

test.each([
  { subject: 'keys@example.com' },
  { publicKey: keys.p256dh },
  { publicKey: 'canary' },
  { privateKey: new Secret('canary') },
  { privateKey: new Secret(Buffer.alloc(32).toString('base64url')) },
  { allowedHosts: ['https://example.com'] },
  { allowedHosts: ['*example.com'] },
  { allowedHosts: [''] },
])('%o is no configuration, and is not repeated', (wrong) => {
  const start = () => pushByWebPush({ ...vapid, ...wrong })
  expect(start).toThrow(TypeError)
  expect(start).not.toThrow('canary')
})
