import { Secret } from '@strongroom/crypto'
import { afterEach, expect, test } from 'vitest'
import twilio from 'twilio'
import { type Message, smsByTwilio } from '../src/index.ts'
import { type Asked, startGateway } from './gateway.ts'
import { canary, failureOf } from './leak-trap.ts'

const message: Message = {
  id: 'code-7f3a',
  channel: 'sms',
  to: canary.number,
  subject: '',
  text: `Your verification code is: ${canary.code}`,
}
const account = `AC${'0'.repeat(32)}`
const running: { stop(): Promise<void> }[] = []
afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())))

/** Twilio's own client, whose last step dials us instead of its maker. */
class AtOurEdge extends twilio.RequestClient {
  readonly edge: string

  constructor(edge: string) {
    super({ timeout: 60_000 })
    this.edge = edge
  }

  override request: twilio.RequestClient['request'] = async (options) => {
    const { pathname } = new URL(options.uri)
    return super.request({ ...options, uri: `${this.edge}${pathname}` })
  }
}

const open = async (answer: Parameters<typeof startGateway>[0], { from = '+15005550006', timeoutMs = 60_000 } = {}) => {
  const gateway = await startGateway(answer)
  running.push(gateway)
  const options = { accountSid: account, authToken: new Secret('canary-token'), from, timeoutMs }
  return { gateway, sender: smsByTwilio({ ...options, httpClient: new AtOurEdge(gateway.url) }) }
}
type Answer = Parameters<typeof startGateway>[0]
const answering =
  (status: number, body: object | string): Answer =>
  (_: Asked, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
const refusal = (status: number, code: number) =>
  answering(status, { code, status, message: `The number ${canary.number} said no to ${canary.code}` })

test('a message is created as the account, from our number', async () => {
  const { gateway, sender } = await open(answering(201, { sid: 'SM1', status: 'queued' }))
  await sender.send(message)
  const [{ path, headers, body } = { path: '', headers: {}, body: '' }] = gateway.asked
  expect(path).toBe(`/2010-04-01/Accounts/${account}/Messages.json`)
  expect(headers.authorization).toBe(`Basic ${Buffer.from(`${account}:canary-token`).toString('base64')}`)
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    To: message.to,
    From: '+15005550006',
    Body: message.text,
  })
})

test('a messaging service sends where one is named', async () => {
  const service = `MG${'1'.repeat(32)}`
  const { gateway, sender } = await open(answering(201, { sid: 'SM1' }), { from: service })
  await sender.send(message)
  expect(new URLSearchParams(gateway.asked[0]?.body).get('MessagingServiceSid')).toBe(service)
})

test.each([
  { what: 'a number that is none', answer: refusal(400, 21211), name: 'Undeliverable', code: 'twilio-21211' },
  { what: 'someone who unsubscribed', answer: refusal(400, 21610), name: 'Undeliverable', code: 'twilio-21610' },
  { what: 'a wrong token', answer: refusal(401, 20003), name: 'ProviderMisconfigured', code: 'twilio-20003' },
  {
    what: 'a sender that is not ours',
    answer: refusal(400, 21606),
    name: 'ProviderMisconfigured',
    code: 'twilio-21606',
  },
  { what: 'too many', answer: refusal(429, 20429), name: 'ProviderUnavailable', code: 'twilio-20429' },
  {
    what: 'an outage',
    answer: answering(503, `<html>${canary.number}</html>`),
    name: 'ProviderUnavailable',
    code: 'http-503',
  },
  {
    what: 'garbage that says yes',
    answer: answering(200, `garbage ${canary.code}`),
    name: 'ProviderUnavailable',
    code: 'unknown',
  },
])('$what is told apart, without a word of the answer', async ({ answer, name, code }) => {
  const { sender } = await open(answer)
  expect(await failureOf(sender.send(message))).toMatchObject({ name, channel: 'sms', code })
})

test('a redirect is not followed', async () => {
  const inner = await startGateway(answering(201, { sid: 'SM1' }))
  running.push(inner)
  const { sender } = await open((_, response) => void response.writeHead(307, { location: inner.url }).end())
  expect(await failureOf(sender.send(message))).toMatchObject({ name: 'ProviderMisconfigured', code: 'http-307' })
  expect(inner.asked).toEqual([])
})

const drip: Answer = (_, response) => {
  const timer = setInterval(() => response.write(' '), 50)
  response.on('close', () => clearInterval(timer))
}

test('a provider that hangs, or drips, is an outage after the time limit', async () => {
  const { sender } = await open(() => undefined, { timeoutMs: 300 })
  expect(await failureOf(sender.send(message))).toMatchObject({ name: 'ProviderUnavailable', code: 'ETIMEDOUT' })
  const dripping = await open(drip, { timeoutMs: 300 })
  expect(await failureOf(dripping.sender.send(message))).toMatchObject({ code: 'ETIMEDOUT' })
})

test('an account of another kind is refused at once', () => {
  expect(() => smsByTwilio({ accountSid: 'SK1', authToken: new Secret('t'), from: '+1' })).toThrow('Twilio account')
})
