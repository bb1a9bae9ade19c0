import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { implement, reply } from './handler.ts'
import { listener } from './listener.ts'
import { mount } from './mount.ts'
import { problems } from './problem-dialect.ts'
import type { Proof } from './proof.ts'
import { prover } from './prover.ts'

interface Came {
  readonly target: string
  readonly bytes: number
  readonly ip: string
}
/** Yields the request as it came, whoever asks. */
const witness: Proof<Came> = { name: 'witness', reads: { header: 'x-witness' }, refusals: [] }
const witnessing = prover()(witness, ({ target, body, ip }) => ({ target, bytes: body.length, ip }))

const CameShape = z.object({ target: z.string(), bytes: z.int(), ip: z.string() })
const read = endpoint({
  method: 'GET',
  path: '/notes',
  summary: 'Read.',
  proof: witness,
  query: z.object({ 'filter[author]': z.string(), 'page[number]': z.string() }),
  reply: { 200: z.object({ came: CameShape, author: z.string(), page: z.string(), ip: z.string() }) },
  refusals: [],
})
const remove = endpoint({
  method: 'DELETE',
  path: '/notes',
  summary: 'Delete.',
  proof: witness,
  body: z.object({ ids: z.array(z.string()) }),
  reply: { 200: z.object({ came: CameShape, gone: z.array(z.string()) }) },
  refusals: [],
})
const handlers = [
  implement<object>()(read, async ({ query, proof, ip }) =>
    reply(200, { came: proof, author: query['filter[author]'], page: query['page[number]'], ip }),
  ),
  implement<object>()(remove, async ({ body, proof }) => reply(200, { came: proof, gone: body.ids })),
]

const servers: Server[] = []
const ports = { direct: 0, proxied: 0 }
beforeAll(async () => {
  ports.direct = await serve(0)
  ports.proxied = await serve(1)
})
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
})

async function serve(trustedProxyHops: number): Promise<number> {
  const notes = mount({ dialect: problems, handlers, provers: [witnessing], deps: {} })
  const handle = listener({ mounts: [notes], trustedProxyHops }).callback()
  const server = createServer((incoming, response) => void handle(incoming, response))
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

interface Wish {
  readonly method?: string
  readonly path: string
  readonly body?: string
  readonly forwarded?: string
}

/** Sends the path as it is written: `fetch` would make another of it. */
async function ask(at: keyof typeof ports, { method = 'GET', path, body, forwarded }: Wish) {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
  }
  const asked = request({ host: '127.0.0.1', port: ports[at], method, path, headers }).end(body)
  const [answer] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }]
  return { status: answer.statusCode, body: (await json(answer)) as Record<string, unknown> }
}

const path = '/notes?filter[author]=ann%20b%2Bc&page[number]=2'

test('a proof is told the source that the handler is told: the peer, or whom trusted proxies report', async () => {
  const forwarded = '2001:db8:1:2:3:4:5:6'
  for (const [at, ip] of [
    ['direct', '127.0.0.1'],
    ['proxied', '2001:db8:1:2::/64'],
  ] as const)
    expect((await ask(at, { path, forwarded })).body).toMatchObject({ came: { ip }, ip })
})

test('raw brackets in a query are read, and a proof sees the target as it was sent', async () => {
  for (const target of [path, path.replaceAll('[', '%5B').replaceAll(']', '%5D')])
    expect(await ask('direct', { path: target })).toMatchObject({
      status: 200,
      body: { came: { target }, author: 'ann b+c', page: '2' },
    })
})

test('a DELETE may have a body: it is read, judged by its shape, and a proof sees its bytes', async () => {
  const body = '{ "ids": ["1", "2"] }'
  const wish = { method: 'DELETE', path: '/notes' }
  expect(await ask('direct', { ...wish, body })).toEqual({
    status: 200,
    body: { came: { target: '/notes', bytes: body.length, ip: '127.0.0.1' }, gone: ['1', '2'] },
  })
  expect(await ask('direct', { ...wish, body: '{"ids":[1]}' })).toMatchObject({ status: 400 })
  expect(await ask('direct', wish)).toMatchObject({ status: 400 })
})
