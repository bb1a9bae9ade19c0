import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { face, routes } from '../../test/routes.ts'
import { type ServedAuthService, serveAuthService } from '../../test/serve-auth-service.ts'
import { duoClient } from './duo-client.ts'
import { DuoError } from './error.ts'

let served: ServedAuthService
beforeEach(async () => {
  served = await serveAuthService()
})
afterEach(() => served[Symbol.asyncDispose]())

const loggedOut = () => Promise.reject(new RangeError('logged out'))
const clientWith = (token = 'token', options = {}) =>
  duoClient({ baseUrl: served.url, accessToken: () => Promise.resolve(token), ...options })

test('a token is asked for before each call, so that none is too old', async () => {
  const accessToken = vi.fn<() => Promise<string>>().mockResolvedValueOnce('expired').mockResolvedValue('fresh')
  const client = duoClient({ baseUrl: served.url, accessToken })
  await expect(client.getFace()).rejects.toMatchObject({
    status: 401,
    code: 100102,
    message: 'Access token expired',
    isOutage: false,
  })
  await client.getFace()
  expect(served.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer expired', 'Bearer fresh'])
})

test('who has no token asks nobody, and hears why', async () => {
  await expect(duoClient({ baseUrl: served.url, accessToken: loggedOut }).getFace()).rejects.toThrow(RangeError)
  expect(served.seen).toEqual([])
})

test.each([
  ['HTML with 200', { status: 200, body: '<html>' }, { status: 0, message: 'the server answered something else' }],
  ['a list', { status: 200, body: [] }, { status: 0 }],
  ['null', { status: 200, body: 'null' }, { status: 0 }],
  ['nothing', { status: 200, body: '' }, { status: 0 }],
  ['another object', { status: 200, body: { registered: 'yes' } }, { status: 0 }],
  ['HTML with 502', { status: 502, body: '<html>' }, { status: 502, message: 'the server refused', isOutage: true }],
  ['a code that is no number', { status: 400, body: { error: { code: 'x' } } }, { status: 400, code: undefined }],
  [
    'a refusal to come back to',
    { status: 429, body: { error: { code: 100804, message: 'slow' } }, headers: { 'retry-after': '7' } },
    { status: 429, code: 100804, retryAfter: 7, isOutage: false },
  ],
  [
    'a long message',
    { status: 400, body: { error: { code: 1, message: 'x'.repeat(9999) } } },
    { message: 'x'.repeat(500) },
  ],
])('an answer that is %s is an error that says little', async (_, answer, expected) => {
  served.answerNext(answer)
  await expect(clientWith().getFace()).rejects.toMatchObject({ name: 'DuoError', ...expected })
})

test('a page of HTML does not pass for a registered device, nor for a revoked one', async () => {
  const proof = { deviceId: '04ab', signature: '30' }
  for (const answer of [
    { status: 200, body: '<html>' },
    { status: 200 },
    { status: 202, body: { success: true } },
  ] as const) {
    served.answerNext(answer)
    await expect(clientWith().registerDevice(proof)).rejects.toMatchObject({ status: 0 })
  }
  for (const body of ['<html>', 'null']) {
    served.answerNext({ status: 200, body })
    await expect(clientWith().revokeDevice('04ab')).rejects.toMatchObject({ status: 0 })
  }
})

test('a redirect is not followed: no token leaves for another address', async () => {
  await using other = await serveAuthService()
  served.answerNext({ status: 307, headers: { location: `${other.url}/v2/face` } })
  await expect(clientWith().getFace()).rejects.toMatchObject({ status: 0, isOutage: true })
  expect(other.seen).toEqual([])
})

test('a server that hangs is given up on', async () => {
  served.answerNext('hang')
  const impatient = clientWith('token', { deadline: 0.1 })
  await expect(impatient.getFace()).rejects.toMatchObject({
    status: 0,
    message: 'the server did not answer in time',
  })
})

test('no error holds what was sent, a token that no header takes included', async () => {
  const secrets = ['se\ncret', face.faceScan]
  const nowhere = duoClient({ baseUrl: 'http://127.0.0.1:1', accessToken: () => Promise.resolve('token') })
  const failures = await Promise.all(
    [clientWith('se\ncret').getFace(), nowhere.registerFace(face), nowhere.recover(['key-1'], face)].map((call) =>
      call.catch((error: unknown) => error),
    ),
  )
  expect(failures.every((failure) => failure instanceof DuoError && failure.status === 0)).toBe(true)
  const text = inspect(failures, { depth: 9 })
  expect(secrets.filter((secret) => text.includes(secret) || text.includes(JSON.stringify(secret)))).toEqual([])
})

test('nothing of it is said to the console', async () => {
  const words = ['log', 'info', 'warn', 'error', 'debug'] as const
  const spies = words.map((name) => vi.spyOn(console, name).mockImplementation(() => undefined))
  for (const [, ask] of routes) await ask(clientWith()).catch(() => undefined)
  expect(spies.flatMap(({ mock }) => mock.calls)).toEqual([])
  vi.restoreAllMocks()
})

test.each([
  'http://auth.example.com',
  'http://localhost.example.com',
  'https://a:b@auth.example.com',
  'https://auth.example.com/?a=1',
  'auth',
])('the base URL %s is refused', (baseUrl) => {
  expect(() => duoClient({ baseUrl, accessToken: () => Promise.resolve('token') })).toThrow(TypeError)
})

test.each(['https://auth.example.com', 'http://127.0.0.1:8080', 'http://[::1]', 'http://wallet.localhost'])(
  'the base URL %s is taken',
  (baseUrl) => {
    expect(duoClient({ baseUrl, accessToken: () => Promise.resolve('token') })).toBeDefined()
  },
)
