import { Secret } from '@strongroom/crypto'
import { certify } from '@strongroom/outbox'
import { isOutage } from '@strongroom/http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Message, ProviderUnavailable, pushByFcm, Undeliverable } from '../src/index.ts'
import { canary, failureOf } from './leak-trap.ts'
import {
  answering,
  drip,
  grant,
  type PushService,
  serviceAccount,
  startPushService,
  untilAsked,
} from './push-service.ts'

const message: Message = {
  id: '5a3c7d8e-2b1f-4c6a-9d0e-8f7a6b5c4d3e',
  channel: 'push',
  to: 'fcm:canary-token:APA91b',
  subject: canary.subject,
  text: `Tap to approve ${canary.code}`,
  data: { sessionId: 'canary-session' },
}
const taken = answering(200, { name: 'projects/canary-project/messages/1' })
const running: { stop(): unknown }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

const serve = async (...answers: Parameters<typeof startPushService>): Promise<PushService> => {
  const service = await startPushService(...answers)
  running.push(service)
  return service
}
const open = ({ loopback }: Pick<PushService, 'loopback'>, timeoutMs = 60_000) => {
  const sender = pushByFcm({ serviceAccount: new Secret(serviceAccount), loopback, timeoutMs, now: () => 1_000_000 })
  running.push({ stop: () => sender.close() })
  return sender
}
/** As FCM refuses: its own code among the details, and words that repeat what it was told. */
const refusal = (status: number, code: string, own?: string) =>
  answering(status, {
    error: {
      code: status,
      status: code,
      message: `no: canary-token, ${canary.subject}`,
      ...(own && { details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: own }] }),
    },
  })

test('a message arrives as the service account, with its data, for a device that has five minutes', async () => {
  const service = await serve(taken)
  await open(service).send(message)
  const [{ path, headers, body } = { path: '', headers: {}, body: '{}' }] = service.messages()
  expect([path, headers.host]).toEqual(['/v1/projects/canary-project/messages:send', 'fcm.googleapis.com'])
  expect(headers.authorization).toBe('Bearer canary-bearer')
  expect((JSON.parse(body) as { message: unknown }).message).toEqual({
    token: 'canary-token:APA91b',
    notification: { title: message.subject, body: message.text },
    data: message.data,
    android: { priority: 'high', ttl: '300s', notification: { tag: message.id } },
    apns: {
      headers: {
        'apns-priority': '10',
        'apns-expiration': '1300',
        'apns-collapse-id': expect.stringMatching(/^[\w-]{32}$/) as string,
      },
    },
    webpush: { headers: { TTL: '300', Urgency: 'high' } },
  })
})

test('a message that says so is kept for a device that is off for days', async () => {
  const service = await serve(taken)
  await open(service).send({ ...message, keepSeconds: 3 * 86_400 })
  const [{ body } = { body: '{}' }] = service.messages()
  expect((JSON.parse(body) as { message: unknown }).message).toMatchObject({
    android: { ttl: '259200s' },
    apns: { headers: { 'apns-expiration': '260200' } },
    webpush: { headers: { TTL: '259200' } },
  })
})

test('every attempt can be seen to be one message, and the right to send is asked for once', async () => {
  const service = await serve(taken)
  const sender = open(service)
  for (let attempt = 0; attempt < 3; attempt++) await sender.send(message)
  const bodies = service.messages().map(({ body }) => body)
  expect([bodies.length, new Set(bodies).size]).toEqual([3, 1])
  expect(service.asked).toHaveLength(4)
})

describe('what FCM says is told apart, without a word of it:', () => {
  test.each([
    [refusal(404, 'NOT_FOUND', 'UNREGISTERED'), 'Undeliverable', 'fcm-UNREGISTERED', 'recipientGone'],
    [refusal(404, 'NOT_FOUND'), 'Undeliverable', 'fcm-NOT_FOUND', 'recipientGone'],
    [refusal(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'), 'Undeliverable', 'fcm-INVALID_ARGUMENT', 'refused'],
    [refusal(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'), 'Undeliverable', 'fcm-SENDER_ID_MISMATCH', 'refused'],
    [refusal(403, 'PERMISSION_DENIED'), 'ProviderMisconfigured', 'fcm-PERMISSION_DENIED', undefined],
    [
      refusal(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'),
      'ProviderMisconfigured',
      'fcm-THIRD_PARTY_AUTH_ERROR',
      undefined,
    ],
    [refusal(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), 'ProviderUnavailable', 'fcm-QUOTA_EXCEEDED', undefined],
    [refusal(500, 'INTERNAL', 'INTERNAL'), 'ProviderUnavailable', 'fcm-INTERNAL', undefined],
    [refusal(400, 'canary', 'canary'), 'ProviderMisconfigured', 'http-400', undefined],
    [answering(404, `<html>${canary.code}</html>`), 'ProviderMisconfigured', 'http-404', undefined],
    [answering(502, `<html>${canary.code}</html>`), 'ProviderUnavailable', 'http-502', undefined],
    [answering(200, `garbage ${canary.code}`), 'ProviderUnavailable', 'http-200', undefined],
  ])('case %#', async (...[answer, name, code, reason]) => {
    const service = await serve(answer)
    const error = await failureOf(open(service).send(message))
    expect(error).toMatchObject({ name, channel: 'push', code, ...(reason && { reason }) })
    expect(isOutage(error)).toBe(name !== 'Undeliverable')
    expect(service.messages()).toHaveLength(1)
  })

  test('when to come back', async () => {
    const service = await serve(answering(429, {}, { 'retry-after': '77' }))
    expect(await failureOf(open(service).send(message))).toMatchObject({ code: 'http-429', retryAfterSeconds: 77 })
  })
})

describe('a message is asked for once', () => {
  test('where FCM is unavailable and says when to come back: we do not wait there', async () => {
    // Long enough that no slow machine is taken for one that waits; the SDK itself waits for up to a minute.
    const busy = await serve(answering(503, {}, { 'retry-after': '50' }))
    const before = performance.now()
    expect(await failureOf(open(busy).send(message))).toMatchObject({ code: 'http-503', retryAfterSeconds: 50 })
    expect(performance.now() - before).toBeLessThan(50_000)
    const service = await serve(answering(503, {}, { 'retry-after': '2' }))
    const error = await failureOf(open(service).send(message))
    expect(error).toMatchObject({ name: 'ProviderUnavailable', code: 'http-503', retryAfterSeconds: 2 })
    await new Promise((done) => void setTimeout(done, 2_500))
    expect(service.messages()).toHaveLength(1)
  })

  test('where the connection breaks after it', async () => {
    const service = await serve((_, response) => void response.destroy())
    const error = await failureOf(open(service).send(message))
    expect(error).toMatchObject({ name: 'ProviderUnavailable', code: 'ECONNRESET' })
    await new Promise((done) => void setTimeout(done, 1_500))
    expect(service.messages()).toHaveLength(1)
  })

  test('where a redirect points at another host', async () => {
    const inner = await serve(taken)
    const service = await serve(answering(307, {}, { location: `${inner.loopback.url.href}v1/canary:send` }))
    expect(await failureOf(open(service).send(message))).toMatchObject({
      name: 'ProviderMisconfigured',
      code: 'http-307',
    })
    expect([inner.asked.length, service.messages().length]).toEqual([0, 1])
  })
})

test.each([
  ['hangs', () => undefined],
  ['drips', drip(200)],
  ['drips a refusal', drip(404)],
])('a service that %s is an outage after the time limit, and is hung up on', async (_, answer) => {
  const service = await serve(answer)
  const sender = open(service, 300)
  const { error, sends } = await untilAsked(service, () => failureOf(sender.send(message)))
  expect(error.constructor).toBe(ProviderUnavailable)
  expect(error).toMatchObject({ code: 'ETIMEDOUT' })
  await expect.poll(() => service.abandoned()).toBeGreaterThan(0)
  expect(service.messages().length).toBeLessThanOrEqual(sends)
})

describe('a service that grants no token', () => {
  test.each([
    [answering(400, { error: 'invalid_grant', error_description: 'canary' }), 'ProviderMisconfigured', 'token-400'],
    [answering(401, { error: 'canary' }), 'ProviderMisconfigured', 'token-401'],
    [answering(200, { token: 'canary' }), 'ProviderUnavailable', 'token-200'],
  ])('case %#', async (token, name, code) => {
    const service = await serve(taken, token)
    expect(await failureOf(open(service).send(message))).toMatchObject({ name, code })
    expect(service.messages()).toEqual([])
  })

  test('or hangs, holds up the sends of that time and not the next', async () => {
    let asked = 0
    const service = await serve(taken, (...call) => void (++asked > 1 && grant(...call)))
    const sender = open(service, 500)
    const both = await Promise.all([message, message].map(async (one) => failureOf(sender.send(one))))
    expect(both.map(({ constructor }) => constructor)).toEqual([ProviderUnavailable, ProviderUnavailable])
    // On a machine that stands still for half a second the next may be late too; none gets through where it is held up.
    await vi.waitFor(() => sender.send(message), { timeout: 30_000 })
    expect(service.messages().length).toBeGreaterThan(0)
  })
})

test('a service that is not there is an outage; one that nobody vouches for has to be looked at', async () => {
  const gone = await startPushService(taken)
  await gone.stop()
  expect(await failureOf(open(gone).send(message))).toMatchObject({ name: 'ProviderUnavailable', code: 'ECONNREFUSED' })
  const { loopback, messages } = await serve(taken)
  const ca = certify(['fcm.googleapis.com']).certificate
  const error = await failureOf(open({ loopback: { ...loopback, ca } }).send(message))
  expect(error).toMatchObject({ name: 'ProviderMisconfigured' })
  expect(messages()).toEqual([])
})

test.each(['fcm:', 'fcm:a b', 'fcm:a/../b', 'canary-token', 'web:{}', `fcm:${'a'.repeat(5000)}`])(
  '%s is no device, and nobody is asked',
  async (to) => {
    const service = await serve(taken)
    const error = await failureOf(open(service).send({ ...message, to }))
    expect(error).toBeInstanceOf(Undeliverable)
    expect(error).toMatchObject({ reason: 'refused', code: 'address' })
    expect(service.asked).toEqual([])
  },
)

test.each(['canary', '{}', '{"project_id":"canary","client_email":"a@b.c","private_key":"canary"}'])(
  '%s is no service account, and is not repeated',
  (text) => {
    const start = () => pushByFcm({ serviceAccount: new Secret(text) })
    expect(start).toThrow('the service account is')
    expect(start).not.toThrow('canary')
  },
)

test('nothing is printed on the way', async () => {
  const spies = [
    ...(['stdout', 'stderr'] as const).map((name) => vi.spyOn(process[name], 'write')),
    ...(['log', 'info', 'debug', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name)),
  ]
  await failureOf(open(await serve(refusal(500, 'INTERNAL'))).send(message))
  await failureOf(open(await serve(taken, answering(400, { error: 'canary' }))).send(message))
  const printed = spies.flatMap((spy) => (spy.mock.calls as unknown[][]).flat().map(String)).join('')
  for (const spy of spies) spy.mockRestore()
  expect(printed).not.toMatch(/canary|914273/)
})
