import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { jsonApi } from './contract.ts'
import { endpoint } from './endpoint.ts'
import { implement, reply } from './handler.ts'
import { jsonApiDialect } from './json-api-dialect.ts'
import { listener } from './listener.ts'
import { mount } from './mount.ts'
import { describeApi } from './openapi.ts'
import { invalidInput, refusal } from './refusal.ts'

const factorWanted = refusal({
  kind: 'factor-wanted',
  status: 403,
  title: 'Show a factor first.',
  details: {
    code: z.literal('tfa_required'),
    detail: z.literal('Additional factor required'),
    meta: z.object({ token: z.string() }),
  },
})
const conflict = refusal({ kind: 'taken', status: 409, title: 'There is one.', details: { field: z.string() } })
const Wallet = jsonApi.resource('wallet', { email: z.string() })

const create = endpoint({
  method: 'POST',
  path: '/wallets',
  summary: 'Create.',
  body: jsonApi.givenDocument(jsonApi.givenResource('wallet', { email: z.string(), salt: z.string().max(4) })),
  reply: { 201: jsonApi.document(Wallet) },
  refusals: [factorWanted, conflict],
})
const list = endpoint({
  method: 'GET',
  path: '/wallets',
  summary: 'List.',
  query: z.object({ ...jsonApi.pageQuery(), 'filter[email]': z.string().optional() }),
  reply: { 200: jsonApi.listOf(Wallet) },
  refusals: [],
})
const remove = endpoint({
  method: 'DELETE',
  path: '/wallets',
  summary: 'Delete.',
  body: jsonApi.givenDocument(z.array(jsonApi.givenIdentifier('wallet'))),
  reply: { 200: jsonApi.document(z.array(jsonApi.identifier('wallet'))), 204: z.undefined() },
  refusals: [],
})
const remind = endpoint({
  method: 'POST',
  path: '/wallets/:id/reminder',
  summary: 'Remind.',
  params: z.object({ id: z.string().max(8) }),
  body: z.object({}).optional(),
  reply: { 204: z.undefined() },
  refusals: [],
})
const fail = endpoint({
  method: 'GET',
  path: '/broken',
  summary: 'Fail.',
  reply: { 200: z.object({}) },
  refusals: [],
})

const handlers = [
  implement<object>()(create, async ({ body: { data } }) => {
    const { id = 'new', attributes } = data
    if (id === '403')
      return factorWanted({ code: 'tfa_required', detail: 'Additional factor required', meta: { token: 't1' } })
    if (id === '409') return conflict({ field: 'body data id' })
    return reply(201, { data: { id, type: 'wallet', attributes } })
  }),
  implement<object>()(list, async ({ query }) => {
    const page = { number: query['page[number]'], limit: query['page[limit]'] }
    const filter = query['filter[email]']
    const links = jsonApi.pageLinks({ path: '/wallets', query: { 'filter[email]': filter }, page, more: false })
    return reply(200, { data: [{ id: '1', type: 'wallet', attributes: { email: filter ?? '' } }], links })
  }),
  implement<object>()(remove, async ({ body: { data } }) =>
    data.length === 0
      ? reply(204, undefined)
      : reply(200, { data: data.map(({ id }) => ({ id, type: 'wallet' as const })) }),
  ),
  implement<object>()(remind, async () => reply(204, undefined)),
  implement<object>()(fail, async () => Promise.reject(new Error('canary'))),
]

let server: Server
let base: string
beforeAll(async () => {
  const app = listener({ mounts: [mount({ dialect: jsonApiDialect, handlers, deps: {} })] })
  server = createServer((request, response) => void app.callback()(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function ask(
  method: string,
  path: string,
  { body, type = 'application/vnd.api+json' }: { body?: unknown; type?: string } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const headers: Record<string, string> = text === undefined ? {} : { 'content-type': type }
  const answer = await fetch(base + path, { method, headers, ...(text !== undefined && { body: text }) })
  const told = await answer.text()
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    length: answer.headers.get('content-length'),
    body: told === '' ? undefined : (JSON.parse(told) as unknown),
  }
}
const wallet = (attributes: object, id?: unknown) => ({ data: { ...(id !== undefined && { id }), attributes } })

test('answers are application/vnd.api+json; bodies may be that or application/json', async () => {
  const body = wallet({ email: 'a@example.com', salt: 'aa' }, 7)
  const expected = { data: { id: '7', type: 'wallet', attributes: { email: 'a@example.com' } } }
  for (const type of ['application/vnd.api+json', 'application/json', 'application/json; charset=utf-8'])
    expect(await ask('POST', '/wallets', { body, type })).toMatchObject({
      status: 201,
      body: expected,
      type: 'application/vnd.api+json',
    })
  const refused = await ask('POST', '/wallets', { body, type: 'text/plain' })
  expect(refused).toMatchObject({ status: 415, body: { errors: [{ title: 'Unsupported Media Type', status: '415' }] } })
})

test('an error has HTTP’s reason phrase, its status as a string, and the refusal’s code, detail and meta', async () => {
  const attributes = { email: 'a@example.com', salt: '' }
  expect(await ask('POST', '/wallets', { body: wallet(attributes, 403) })).toMatchObject({
    status: 403,
    type: 'application/vnd.api+json',
    body: {
      errors: [
        {
          title: 'Forbidden',
          status: '403',
          detail: 'Additional factor required',
          code: 'tfa_required',
          meta: { token: 't1' },
        },
      ],
    },
  })
  const bare = await ask('POST', '/wallets', { body: wallet(attributes, '409') })
  expect(bare.body).toEqual({ errors: [{ title: 'Conflict', status: '409' }] })
})

const phrases = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 409: 'Conflict' }

test.each(Object.entries(phrases))('a refusal of %s adds fewer than 60 bytes to what it tells', (status, title) => {
  const said = { detail: 'Why.', code: 'why', meta: { field: '' } }
  const details = { detail: z.string(), code: z.string(), meta: z.object({ field: z.string() }) }
  const no = refusal({ kind: 'no', status: Number(status), title: 'No.', details })
  const { body } = jsonApiDialect.render(no(said), undefined)
  expect(body).toEqual({ errors: [{ title, status, ...said }] })
  // TokenD's client for Kotlin reads the first thousand bytes.
  expect(JSON.stringify(body).length - JSON.stringify(said).length).toBeLessThan(60)
})

const invalid = (detail: string) => ({ errors: [{ title: 'Bad Request', status: '400', detail }] })

test('no body and a body that is no JSON are told apart', async () => {
  expect(await ask('POST', '/wallets')).toMatchObject({ status: 400, body: invalid('Request body was expected') })
  expect(await ask('POST', '/wallets', { body: '{"data":' })).toMatchObject({
    status: 400,
    body: invalid('Your request was invalid in some way'),
  })
})

test('a body that may be left out may be, or be empty', async () => {
  expect([
    await ask('POST', '/wallets/1/reminder'),
    await ask('POST', '/wallets/1/reminder', { body: {} }),
  ]).toMatchObject([{ status: 204 }, { status: 204 }])
})

test('each field that is wrong is one error, with a pointer to it and never its value', async () => {
  const { status, body } = await ask('POST', '/wallets', { body: wallet({ email: 4711, salt: 'canary' }) })
  expect([status, body]).toMatchObject([
    400,
    {
      errors: [
        { title: 'Bad Request', status: '400', meta: { field: '/data/attributes/email' } },
        { title: 'Bad Request', status: '400', meta: { field: '/data/attributes/salt' } },
      ],
    },
  ])
  expect(JSON.stringify(body)).not.toMatch(/4711|canary/)
})

const issue = (code: string, message: string) => ({ path: ['data', 'id'], code, message })

test('a field that is wrong twice is told once, and a name that the caller made up not at all', () => {
  const issues = [issue('unrecognized_keys', 'Unrecognized key: "canary"'), issue('custom', 'second')]
  const { body } = jsonApiDialect.render(invalidInput({ field: 'body data id', issues }), undefined)
  expect(body).toMatchObject({ errors: [{ meta: { field: '/data/id' } }] })
  expect(JSON.stringify(body)).not.toMatch(/canary|second/)
})

test('parameters are called by their names, brackets and all', async () => {
  const { body } = await ask('GET', '/wallets?page[number]=canary&page%5Blimit%5D=0')
  expect(body).toMatchObject({ errors: [{ meta: { field: 'page[number]' } }, { meta: { field: 'page[limit]' } }] })
  const { body: path } = await ask('POST', '/wallets/much-too-long/reminder')
  expect(path).toMatchObject({ errors: [{ meta: { field: 'id' } }] })
  expect(JSON.stringify([body, path])).not.toMatch(/canary|much/)
})

test('filters and pages are read out of brackets, raw and escaped', async () => {
  const asked = await ask('GET', '/wallets?filter[email]=a%40example.com&page%5Bnumber%5D=2')
  expect(asked.body).toEqual({
    data: [{ id: '1', type: 'wallet', attributes: { email: 'a@example.com' } }],
    links: {
      self: '/wallets?filter[email]=a%40example.com&page[number]=2&page[limit]=15',
      first: '/wallets?filter[email]=a%40example.com&page[number]=1&page[limit]=15',
      prev: '/wallets?filter[email]=a%40example.com&page[number]=1&page[limit]=15',
    },
  })
})

test('a DELETE may have a body, and a 204 has neither body nor type', async () => {
  expect((await ask('DELETE', '/wallets', { body: { data: [{ id: 3 }] } })).body).toEqual({
    data: [{ id: '3', type: 'wallet' }],
  })
  expect(await ask('DELETE', '/wallets', { body: { data: [] } })).toEqual({
    status: 204,
    type: null,
    length: null,
    body: undefined,
  })
})

test('an unknown path is not repeated: it may be a secret', async () => {
  const { status, type, body } = await ask('GET', '/wallets/canary?token=canary')
  expect([status, type]).toEqual([404, 'application/vnd.api+json'])
  expect(body).toEqual({ errors: [{ title: 'Not Found', status: '404', detail: 'Unknown path' }] })
})

test('a bug says nothing', async () => {
  const { status, body } = await ask('GET', '/broken')
  expect([status, body]).toEqual([500, { errors: [{ title: 'Internal Server Error', status: '500' }] }])
})

test('OpenAPI shows the documents, the errors, the optional body and the empty answer', () => {
  const described = describeApi({
    title: 'Wallets',
    version: '1',
    description: '',
    dialect: jsonApiDialect,
    endpoints: handlers.map((handler) => handler.endpoint),
  })
  const { post, delete: removal } = described.paths?.['/wallets'] ?? {}
  const forbidden = post?.responses?.['403']
  expect(forbidden).toHaveProperty(
    ['content', 'application/vnd.api+json', 'schema', 'properties', 'errors', 'items', 'properties', 'code', 'const'],
    'tfa_required',
  )
  expect(post?.responses?.['400']).toHaveProperty(
    [
      'content',
      'application/vnd.api+json',
      'schema',
      'properties',
      'errors',
      'items',
      'properties',
      'meta',
      'properties',
      'field',
    ],
    { type: 'string' },
  )
  expect(removal?.requestBody).toHaveProperty([
    'content',
    'application/vnd.api+json',
    'schema',
    'properties',
    'data',
    'items',
    'properties',
    'id',
    'anyOf',
  ])
  expect(removal?.responses?.['204']).toEqual({ description: 'Done.' })
  expect(described.paths?.['/wallets/{id}/reminder']?.post?.requestBody).toMatchObject({ required: false })
})
