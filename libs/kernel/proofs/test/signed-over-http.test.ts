import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { endpoint, implement, jsonApi, jsonApiDialect, listener, mount, optional, reply } from '@strongroom/http'
import { type Database, fingerprint, migrate, openDatabase, storageMigrations } from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import {
  proofMigrations,
  proveRequestSignature,
  requestSignature,
  seenSignaturesIn,
  type SignatureRules,
} from '../src/index.ts'
import { type Headers, idOf, signedHeaders, strictly, type Wish } from './request-signer.ts'

const Who = jsonApi.document(jsonApi.resource('who', { key: z.string().nullable() }))
const who = (key: string | null) => ({ data: { id: '1', type: 'who' as const, attributes: { key } } })
const list = endpoint({
  method: 'GET',
  path: '/identities',
  summary: 'List.',
  proof: optional(requestSignature),
  query: z.object({ 'filter[email]': z.string().optional() }),
  reply: { 200: Who },
  refusals: [],
})
const remove = endpoint({
  method: 'DELETE',
  path: '/invites',
  summary: 'Delete.',
  proof: requestSignature,
  body: jsonApi.givenDocument(z.array(jsonApi.givenIdentifier('invite'))),
  reply: { 200: Who },
  refusals: [],
})
const handlers = [
  implement<object>()(list, async ({ proof }) => reply(200, who(proof?.keyId ?? null))),
  implement<object>()(remove, async ({ proof }) => reply(200, who(proof.keyId))),
]

const sets = [storageMigrations, proofMigrations]
let world: TestDatabase
let database: Database
const servers: Server[] = []
const ports = { compat: 0, strict: 0 }
beforeAll(async () => {
  world = await testDatabase({
    template: `proofs_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url })
  ports.compat = await serve({ profile: 'compat' })
  ports.strict = await serve({ profile: 'strict', seen: seenSignaturesIn(database) })
})
afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections()
  await database.close()
  await world.drop()
})

async function serve(signatures: SignatureRules): Promise<number> {
  const provers = [proveRequestSignature]
  const app = listener({ mounts: [mount({ dialect: jsonApiDialect, handlers, provers, deps: { signatures } })] })
  const server = createServer((incoming, response) => void app.callback()(incoming, response))
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends exactly these headers, repeated ones too. */
async function ask(profile: keyof typeof ports, { method = 'GET', target = '/', body = '' }: Wish, headers: Headers) {
  const raw = [...headers.flat(), 'Host', 'localhost', 'Content-Type', 'application/vnd.api+json']
  if (body !== '') raw.push('Content-Length', String(Buffer.byteLength(body)))
  const asked = request({ port: ports[profile], host: '127.0.0.1', method, path: target, headers: raw })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }]
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) as unknown }
}

const target = '/identities?filter[email]=a%20b%2Bc@example.com'

test('a signature over the raw target is good; without any, an optional one is left out', async () => {
  for (const path of [target, target.replace('[email]', '%5Bemail%5D')])
    expect(await ask('compat', { target: path }, signedHeaders({ target: path }))).toEqual({
      status: 200,
      body: who(idOf('ann')),
    })
  expect(await ask('compat', { target }, [])).toEqual({ status: 200, body: who(null) })
})

test('what is carried in any of the headers is judged, also where it may be left out', async () => {
  const unauthorized = { status: 401, body: { errors: [{ title: 'Unauthorized', status: '401' }] } }
  expect(await ask('compat', { target }, signedHeaders({ target: '/' }))).toEqual(unauthorized)
  expect(await ask('compat', { target }, [['X-AuthSignature', 'x']])).toEqual(unauthorized)
  expect(await ask('compat', { target }, [['Authorization', 'Bearer canary']])).toEqual({
    status: 400,
    body: {
      errors: [
        {
          title: 'Bad Request',
          status: '400',
          detail: 'Request signature was invalid in some way',
          meta: { reason: 'not a list of name="value"' },
        },
      ],
    },
  })
})

test('headers that came twice are seen as two, also those that Node makes one of', async () => {
  const wish = { target, headers: [['date', new Date().toUTCString()]] as const, covered: '(request-target) date' }
  expect(await ask('compat', wish, signedHeaders(wish))).toMatchObject({ status: 200 })
  expect(await ask('compat', wish, [...signedHeaders(wish), ...wish.headers])).toMatchObject({ status: 401 })
  const [signature = ['', ''] as const] = signedHeaders({ target })
  const authorization = ['Authorization', signature[1]] as const
  expect(await ask('compat', { target }, [authorization, authorization])).toMatchObject({ status: 400 })
})

test.each(['date', 'x-date'] as const)(
  'strict by %s: the body of a DELETE is covered, and the request is good once, at any number of connections',
  async (dateHeader) => {
    const body = '{"data":[{"type":"invite","id":1}]}'
    const wish = strictly({ method: 'DELETE', target: '/invites', body, dateHeader })
    const headers = signedHeaders(wish)
    expect(await ask('strict', { ...wish, body: '{"data":[{"type":"invite","id":2}]}' }, headers)).toMatchObject({
      status: 401,
    })
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('strict', wish, headers)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
  },
)

test('strict: what compat allows is refused', async () => {
  expect(await ask('strict', { target }, signedHeaders({ target }))).toMatchObject({ status: 401 })
})
