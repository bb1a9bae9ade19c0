import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { type Handler, implement, reply } from './handler.ts'
import { listener, type ListenerOptions, type Told } from './listener.ts'
import { mount } from './mount.ts'
import { problems } from './problem-dialect.ts'
import type { Proof } from './proof.ts'
import { prover } from './prover.ts'
import { refusal } from './refusal.ts'

const tooHot = refusal({ kind: 'too-hot', status: 409, title: 'Too hot.', details: { degrees: z.int() } })
const stranger = refusal({ kind: 'stranger', status: 401, title: 'Who are you?' })
const badge: Proof<string> = {
  name: 'badge',
  scheme: { type: 'apiKey', in: 'header', name: 'X-Badge', description: 'A badge.' },
  reads: { header: 'x-badge' },
  refusals: [stranger],
}
const brew = endpoint({
  method: 'POST',
  path: '/tea/:kind',
  summary: 'Brew tea.',
  proof: badge,
  params: z.object({ kind: z.enum(['green', 'black']) }),
  query: z.object({ sugar: z.coerce.number().optional() }),
  body: z.object({ degrees: z.int(), note: z.string().optional() }),
  reply: { 201: z.object({ cup: z.string(), by: z.string() }) },
  refusals: [tooHot],
})
interface Kitchen {
  readonly cup: () => Promise<string>
}
const handlers: readonly Handler<Kitchen>[] = [
  implement<Kitchen>()(brew, async ({ params, query, body, proof }, { cup }) => {
    if (body.degrees > 100) return tooHot({ degrees: body.degrees })
    const made = { cup: `${await cup()} ${params.kind} ${String(query.sugar ?? 0)}`, by: proof, recipe: 'ours alone' }
    return reply(201, made)
  }),
]
const showBadge = prover()(badge, ({ headers, target, body, rawHeaders }) => {
  const shown = headers['x-badge']
  if (typeof shown !== 'string') return stranger()
  return shown === 'raw' ? `${target} ${String(body.length)} ${String(rawHeaders.includes('X-Badge'))}` : shown
})

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(
  cup: Kitchen['cup'] = () => Promise.resolve('a'),
  { trustedProxyHops = 0, corsOrigins = [] }: Pick<ListenerOptions, 'trustedProxyHops' | 'corsOrigins'> = {},
  served = handlers,
) {
  const told: Told[] = []
  const tea = mount({ dialect: problems, handlers: served, provers: [showBadge], deps: { cup } })
  const handle = listener({
    mounts: [tea],
    trustedProxyHops,
    corsOrigins,
    onAnswer: (one) => told.push(one),
  }).callback()
  const server = createServer((request, response) => void handle(request, response))
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const ask = async (
    path: string,
    init: Omit<RequestInit, 'headers'> & { badge?: string; headers?: Record<string, string> } = {},
  ) => {
    const headers = {
      'content-type': 'application/json',
      ...(init.badge && { 'X-Badge': init.badge }),
      ...init.headers,
    }
    const answer = await fetch(`${base}${path}`, { method: 'POST', ...init, headers })
    const text = await answer.text()
    return { status: answer.status, body: text && (JSON.parse(text) as unknown), headers: answer.headers }
  }
  return { ask, told }
}
const at = (degrees: unknown) => JSON.stringify({ degrees })

test('an answer holds what its shape declares and nothing else', async () => {
  const { ask } = await serve()
  const { status, body } = await ask('/tea/green?sugar=2', { badge: 'ann', body: at(80) })
  expect({ status, body }).toEqual({ status: 201, body: { cup: 'a green 2', by: 'ann' } })
})

test('a returned refusal is rendered with its details', async () => {
  const { ask, told } = await serve()
  const { status, body } = await ask('/tea/green', { badge: 'ann', body: at(120) })
  expect({ status, body }).toEqual({
    status: 409,
    body: { type: 'too-hot', title: 'Too hot.', status: 409, degrees: 120 },
  })
  expect(told).toMatchObject([{ route: '/tea/:kind', status: 409, refusal: 'too-hot' }])
})

test.each([
  ['/tea/white', at(1), 'params kind'],
  ['/tea/green?sugar=much', at(1), 'query sugar'],
  ['/tea/green', at('hot'), 'body degrees'],
  ['/tea/green', '{', 'body'],
])('%s with %s names the field %s to the log', async (path, body, field) => {
  const { ask, told } = await serve()
  expect((await ask(path, { badge: 'ann', body })).status).toBe(400)
  expect(told).toMatchObject([{ refusal: 'invalid-input', field }])
})

test('a proof reads the raw target and the raw body', async () => {
  const { ask } = await serve()
  const { body } = await ask('/tea/green?sugar=%32', { badge: 'raw', body: '{ "degrees": 1 }' })
  expect(body).toMatchObject({ by: '/tea/green?sugar=%32 16 true' })
})

test('a refusal of the proof comes before the handler', async () => {
  const { ask } = await serve(() => Promise.reject(new Error('asked')))
  expect((await ask('/tea/green', { body: at(1) })).status).toBe(401)
})

test('an outage is 503 with Retry-After, and says nothing', async () => {
  const { ask, told } = await serve(() =>
    Promise.reject(Object.assign(new Error('host db-7 refused'), { retryAfterSeconds: 1.2 })),
  )
  const { status, body, headers } = await ask('/tea/green', { badge: 'ann', body: at(1) })
  expect([status, headers.get('retry-after')]).toEqual([503, '2'])
  expect(JSON.stringify(body)).not.toContain('db-7')
  expect(told[0]).toMatchObject({ refusal: 'unavailable' })
})

test('a bug is 500 with the id that the log has, and says nothing', async () => {
  const { ask, told } = await serve(() => Promise.reject(new Error('secret reason')))
  const { status, body, headers } = await ask('/tea/green', { badge: 'ann', body: at(1) })
  expect(status).toBe(500)
  expect(body).toMatchObject({ type: 'crashed', id: told[0]?.requestId })
  expect(headers.get('x-request-id')).toBe(told[0]?.requestId)
  expect(JSON.stringify(body)).not.toContain('secret reason')
  expect(told[0]?.error).toMatchObject({ message: 'secret reason' })
})

test('an answer that cannot be written is a bug like another: rendered, and told', async () => {
  const anything = endpoint({
    method: 'POST',
    path: '/anything',
    summary: 'Answer anything.',
    reply: { 200: z.object({ it: z.unknown() }) },
    refusals: [],
  })
  // A name that is a number sends V8 along the road that recurs.
  const nested = JSON.parse(`${'['.repeat(8000)}{"0":1}${']'.repeat(8000)}`) as unknown
  for (const it of [nested, 1n]) {
    const { ask, told } = await serve(undefined, {}, [implement<object>()(anything, async () => reply(200, { it }))])
    const { status, body, headers } = await ask('/anything')
    expect([status, headers.get('content-type')]).toEqual([500, problems.contentType])
    expect(body).toMatchObject({ type: 'crashed', id: told[0]?.requestId })
    expect(told).toMatchObject([{ route: '/anything', status: 500, refusal: 'crashed', error: expect.any(Error) }])
  }
})

test('a body over the limit is refused, with or without a length', async () => {
  const { ask } = await serve()
  const huge = JSON.stringify({ degrees: 1, note: 'x'.repeat(20_000) })
  expect((await ask('/tea/green', { badge: 'ann', body: huge })).status).toBe(413)
  const stream = new Blob([huge]).stream()
  const chunked = ask('/tea/green', { badge: 'ann', body: stream, duplex: 'half' })
  expect((await chunked).status).toBe(413)
})

test('every answer carries the security headers and a request id of our own', async () => {
  const { ask } = await serve()
  const { headers } = await ask('/nothing', { headers: { 'x-request-id': 'mine' } })
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(headers.get('x-powered-by')).toBeNull()
})

test('an endpoint whose proof nobody proves cannot be mounted', () => {
  expect(() => mount({ dialect: problems, handlers, deps: { cup: () => Promise.resolve('') } })).toThrow('badge')
})

test('what is not declared does not compile', () => {
  const parts = { dialect: problems, handlers, provers: [showBadge] }
  // @ts-expect-error the kitchen is missing
  expect(mount({ ...parts, deps: {} })).toBeDefined()
  // @ts-expect-error a status that the contract does not have
  implement<Kitchen>()(brew, () => Promise.resolve(reply(200, { cup: '', by: '' })))
  // @ts-expect-error a body without what the contract promises
  implement<Kitchen>()(brew, () => Promise.resolve(reply(201, { cup: '' })))
  // @ts-expect-error a refusal that the contract does not declare
  implement<Kitchen>()(brew, () => Promise.resolve(stranger()))
  // @ts-expect-error a refusal without its details
  tooHot()
})

test('a body of another media type is 415, and names the header to the log', async () => {
  const { ask, told } = await serve()
  const { status } = await ask('/tea/green', { badge: 'ann', body: at(1), headers: { 'content-type': 'text/plain' } })
  expect(status).toBe(415)
  expect(told).toMatchObject([{ refusal: 'unsupported-media-type', field: 'header content-type' }])
})

test('what was wrong is told field by field, for dialects that show it, and never a value', async () => {
  const { ask } = await serve()
  const { body } = await ask('/tea/green', { badge: 'ann', body: JSON.stringify({ degrees: 'canary', note: 4711 }) })
  expect(body).toMatchObject({ issues: [{ path: ['degrees'], code: 'invalid_type' }, { path: ['note'] }] })
  expect(JSON.stringify(body)).not.toMatch(/canary|4711/)
})

test('pages of a named origin may call, pages of another are answered without a word of it', async () => {
  const { ask } = await serve(undefined, { corsOrigins: ['https://wallet.example.com'] })
  const from = (origin: string) =>
    ask('/tea/green', { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' } })
  const allowed = await ask('/tea/green', {
    badge: 'ann',
    body: at(1),
    headers: { Origin: 'https://wallet.example.com' },
  })
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://wallet.example.com')
  expect(allowed.headers.get('access-control-allow-credentials')).toBeNull()
  expect(allowed.headers.get('access-control-expose-headers')).toBe('X-Request-Id,Retry-After')
  const other = await from('https://wallet.example.com.evil.example')
  expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([404, null])
})

const signing = 'account-id,authorization,content-type,digest,signature,x-date,x-nonce'

test.each([
  ['POST', '/tea/green', signing],
  ['PUT', '/tea/green', 'content-type'],
  ['PATCH', '/tea/green', signing],
  ['DELETE', '/tea/green?filter[a]=b', signing],
])('a page of a named origin that asks first may send %s %s with %s', async (method, path, headers) => {
  const { ask } = await serve(undefined, { corsOrigins: ['https://wallet.example.com'] })
  const asking = { 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': headers }
  const from = (origin: string) => ask(path, { method: 'OPTIONS', headers: { Origin: origin, ...asking } })
  const granted = await from('https://wallet.example.com')
  expect([granted.status, granted.headers.get('access-control-allow-origin')]).toEqual([
    204,
    'https://wallet.example.com',
  ])
  expect(granted.headers.get('access-control-allow-methods')?.split(',')).toContain(method)
  expect(granted.headers.get('access-control-allow-headers')).toBe(headers)
  const other = await from('https://wallet.example.org')
  expect([...other.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
})
