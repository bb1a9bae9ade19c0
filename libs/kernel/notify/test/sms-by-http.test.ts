import { Secret } from '@strongroom/crypto'
import { isOutage } from '@strongroom/http'
import { afterEach, expect, test } from 'vitest'
import { type Message, ProviderMisconfigured, ProviderUnavailable, smsByHttp, Undeliverable } from '../src/index.ts'
import { echo, type Gateway, startGateway } from './gateway.ts'
import { canary, failureOf } from './leak-trap.ts'
import { startRawServer } from './mail-server.ts'

const message: Message = {
  id: 'code-7f3a',
  channel: 'sms',
  to: canary.number,
  subject: '',
  text: `Your verification code is: ${canary.code}`,
}
const running: { stop(): Promise<void> }[] = []
afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())))

const serve = async (answer: Parameters<typeof startGateway>[0]): Promise<Gateway> => {
  const gateway = await startGateway(answer)
  running.push(gateway)
  return gateway
}
const send = (url: string, timeoutMs = 60_000) =>
  smsByHttp({ url, bearer: new Secret('canary-token'), timeoutMs }).send(message)

test('a message arrives as JSON, with its id as the key that makes a repetition harmless', async () => {
  const { url, asked } = await serve(echo(202))
  await send(`${url}/sms`)
  const [{ method, path, headers, body } = { method: '', path: '', headers: {}, body: '{}' }] = asked
  expect([method, path, headers.authorization]).toEqual(['POST', '/sms', 'Bearer canary-token'])
  expect([headers['content-type'], headers['idempotency-key']]).toEqual(['application/json', message.id])
  expect(JSON.parse(body)).toEqual({ id: message.id, to: message.to, text: message.text })
})

test.each([
  [400, Undeliverable],
  [410, Undeliverable],
  [422, Undeliverable],
  [408, ProviderUnavailable],
  [429, ProviderUnavailable],
  [500, ProviderUnavailable],
  [503, ProviderUnavailable],
  [401, ProviderMisconfigured],
  [403, ProviderMisconfigured],
  [404, ProviderMisconfigured],
])('%i is told apart, without a word of the answer', async (status, kind) => {
  const { url } = await serve(echo(status))
  const error = await failureOf(send(url))
  expect(error.constructor).toBe(kind)
  expect(error).toMatchObject({ channel: 'sms', code: `http-${String(status)}` })
  expect(isOutage(error)).toBe(kind !== Undeliverable)
})

const refusalAfter = async (text: string) => failureOf(send((await serve(echo(429, { 'retry-after': text }))).url))

test('a provider says when to come back, within reason', async () => {
  expect(await refusalAfter('7')).toMatchObject({ retryAfterSeconds: 7 })
  expect(await refusalAfter('999999')).toMatchObject({ retryAfterSeconds: 3600 })
  expect(await refusalAfter('canary 1 Jan')).toMatchObject({ retryAfterSeconds: 30 })
})

test.each([301, 302, 303, 307, 308])('a redirect by %i to another port is not followed', async (status) => {
  const inner = await serve(echo(200))
  const { url } = await serve(echo(status, { location: `${inner.url}/canary` }))
  const error = await failureOf(send(url))
  expect(error).toMatchObject({ name: 'ProviderMisconfigured', code: `http-${String(status)}` })
  expect(inner.asked).toEqual([])
})

test('a provider that hangs is an outage after the time limit', async () => {
  const { url } = await serve(() => undefined)
  expect(await failureOf(send(url, 300))).toMatchObject({ name: 'ProviderUnavailable', code: 'ETIMEDOUT' })
})

test('a provider that answers garbage, or that is not there, is an outage', async () => {
  const garbage = await startRawServer((line, socket) => void (line && socket.write(`${canary.number} what?\r\n`)))
  running.push(garbage)
  expect(await failureOf(send(`http://127.0.0.1:${String(garbage.port)}`))).toMatchObject({
    name: 'ProviderUnavailable',
  })
  const gone = await startGateway(echo(200))
  await gone.stop()
  expect(await failureOf(send(gone.url))).toMatchObject({ name: 'ProviderUnavailable', code: 'ECONNREFUSED' })
})

test('an answer without an end holds nobody up once it says yes', async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'.repeat(65_536)), 5)
    response.on('close', () => clearInterval(timer))
  })
  await expect(send(url)).resolves.toBeUndefined()
})

test.each([
  'http://sms.example.com/send',
  'http://169.254.169.254/latest',
  'http://127.0.0.1.example.com',
  'file:///etc/passwd',
  'https://user:canary@sms.example.com',
  'sms.example.com',
  '',
])('%j is no SMS gateway', (url) => {
  expect(() => smsByHttp({ url, bearer: new Secret('t') })).toThrow('the SMS URL is https')
})
