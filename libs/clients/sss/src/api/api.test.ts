import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { Secret } from '@strongroom/crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type PublishedServer, publishedServer } from '../../test/published-server.ts'
import { code, fromToken, login, routes, seed, wallet } from '../../test/routes.ts'
import { openApi, type SssApi } from './api.ts'
import { SssError } from './error.ts'

let server: PublishedServer
let api: SssApi
beforeAll(async () => {
  server = await publishedServer()
  api = openApi({ baseUrl: `${server.url}/` })
})
afterAll(() => server.close())

beforeEach(() => {
  server.seen.length = 0
})

test('nothing of it is said to the console', async () => {
  const words = ['log', 'info', 'warn', 'error', 'debug'] as const
  const spies = words.map((name) => vi.spyOn(console, name).mockImplementation(() => undefined))
  for (const [, ask] of routes) await ask(api).catch(() => undefined)
  expect(spies.flatMap(({ mock }) => mock.calls)).toEqual([])
  vi.restoreAllMocks()
})

test.each(routes)('%s is sent as published', async (call, ask, body) => {
  const refused = await ask(api).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(refused === undefined || refused instanceof SssError).toBe(true)
  const [sent] = server.seen
  expect(sent?.call).toBe(call)
  expect(sent?.body).toEqual(body ?? {})
  const wantsDid = /PUT|recovery|migrate|delete|challenges|restore|start-over/.test(call)
  expect(sent?.headers.authorization !== undefined).toBe(wantsDid)
})

test.each([
  ['GET /keys/recovery', () => api.keys.readRecovery(login, { type: 'passkey', credentialId: 'a+/=' })],
  ['GET /keys/recovery-email', () => api.keys.readRecoveryEmail(login)],
])('%s carries the token in its query, as the published contract has it', async (call, ask) => {
  await ask()
  const [sent] = server.seen
  const query = Object.fromEntries(new URL(sent?.url ?? '').searchParams)
  expect([sent?.call, query]).toEqual([call, expect.objectContaining(fromToken)])
  expect([undefined, 'a+/=']).toContain(query['credentialId'])
})

test('no other call has a query but the number of challenges', async () => {
  for (const [, ask] of routes) await ask(api).catch(() => undefined)
  const queries = server.seen.map(({ url }) => new URL(url).search).filter((search) => search !== '')
  expect(new Set(queries)).toEqual(new Set(['?amount=1']))
})

test('what the server refuses is its status, its code and its sentence', async () => {
  const refused = await api.keys
    .deleteKeys({ ...wallet, authToken: new Secret('bad') })
    .catch((error: unknown) => error)
  expect(refused).toMatchObject({ status: 401, code: 'CODE_401', message: 'Invalid Firebase token', isOutage: false })
  server.refuse('POST /keys/auth-share', 503)
  await expect(api.keys.readAuthShare(login)).rejects.toMatchObject({ status: 503, isOutage: true })
})

let other: Server | undefined
afterEach(() => new Promise<void>((resolve) => (other ? other.close(() => resolve()) : resolve())))
afterEach(() => other?.closeAllConnections())
const odd = async (answer: Parameters<typeof createServer>[1], deadline = 60) => {
  const made = createServer(answer as () => void)
  other = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return openApi({ baseUrl: `http://127.0.0.1:${String((made.address() as AddressInfo).port)}`, deadline })
}

test('a redirect is not followed: no token leaves for another address', async () => {
  const redirecting = await odd((_, response) =>
    response.writeHead(307, { location: `${server.url}/keys/auth-share` }).end(),
  )
  await expect(redirecting.keys.readAuthShare(login)).rejects.toMatchObject({ status: 0, isOutage: true })
  expect(server.seen).toEqual([])
})

test('a server that hangs is given up on', async () => {
  const hanging = await odd(() => undefined, 0.1)
  await expect(hanging.keys.readAuthShare(login)).rejects.toMatchObject({
    status: 0,
    message: 'the server did not answer in time',
  })
})

test.each([
  ['HTML with 200', 200, { text: '<html>', expected: { status: 0 } }],
  ['HTML with 502', 502, { text: '<html>', expected: { status: 502, message: 'the server refused', retryAfter: 7 } }],
  [
    'a long message',
    400,
    { text: JSON.stringify({ message: 'x'.repeat(9999) }), expected: { status: 400, message: 'x'.repeat(500) } },
  ],
])('an answer that is %s is an error that says little', async (_, status, { text, expected }) => {
  const strange = await odd((__, response) => response.writeHead(status, { 'retry-after': '7' }).end(text))
  await expect(strange.keys.readAuthShare(login)).rejects.toMatchObject(expected)
})

test('null is an answer', async () => {
  const empty = await odd((_, response) => response.end('null'))
  expect(await empty.keys.readAuthShare(login)).toBeNull()
})

test('no error holds what was sent', async () => {
  const secrets = ['token-ann', wallet.presentation, code, seed].map((one) =>
    typeof one === 'string' ? one : Buffer.from(one.expose()).toString(),
  )
  const nowhere = openApi({ baseUrl: 'http://127.0.0.1:1' })
  const failures = await Promise.all([
    nowhere.keys.readRecovery(login, { type: 'phrase' }).catch((error: unknown) => error),
    nowhere.keys.verifyRecoveryEmail(wallet, code).catch((error: unknown) => error),
  ])
  const text = inspect(failures, { depth: 9 })
  expect(failures.every((failure) => failure instanceof SssError)).toBe(true)
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
})

test.each([
  'http://keys.example.com/api',
  'http://localhost.example.com',
  'https://a:b@keys.example.com',
  'https://keys.example.com/?a=1',
  'keys',
])('the base URL %s is refused', (baseUrl) => {
  expect(() => openApi({ baseUrl })).toThrow(TypeError)
})
