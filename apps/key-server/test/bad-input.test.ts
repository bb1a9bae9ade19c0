import { randomUUID } from 'node:crypto'
import net from 'node:net'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, basic, clientOf, invalidRequest, type KeyServerClient, startKeyServer } from './client.ts'

let app: TestApp
let client: KeyServerClient
beforeAll(async () => {
  app = await startKeyServer()
  client = clientOf(app.baseUrls[0] ?? '')
})
afterAll(() => app.stop())

const canary = 'cAnArY7391'
const state = () =>
  app.sql(`select (select count(*) from pin_keys.keys) as keys, (select count(*) from audit.events) as events,
                  (select sum(charged) from guesses.budgets) as charged, (select sum(charged) from guesses.decoys) as decoys`)

async function expectRefused(asked: Asked, expected = { status: 400, text: invalidRequest }) {
  const before = await state()
  const { status, text, headers } = await client.ask(asked)
  expect({ status, text }).toEqual(expected)
  expect(headers.get('content-type')).toContain('application/json')
  expect(await state()).toEqual(before)
  expect(await app.log()).not.toContain(canary)
}

const badPins: readonly [string, unknown][] = [
  ['missing', undefined],
  ['null', null],
  ['a number', 1234],
  ['an array', ['1234']],
  ['an object', { pin: canary }],
  ['true', true],
  ['empty', ''],
  ['too short', '123'],
  ['too long', 'x'.repeat(257)],
  ['with a line feed', `${canary}\n`],
  ['with a line separator', `${canary}\u2028`],
  ['with half a surrogate pair', `${canary}\ud800`],
]

describe.each(badPins)('a PIN that is %s', (_, pin) => {
  test('creates nothing', () => expectRefused({ method: 'POST', path: '/v2/key', body: { pin } }))
  test('changes nothing, and costs no guess', async () => {
    const id = await client.create('1234')
    await expectRefused({ method: 'PUT', path: `/v2/key/${id}`, pin: '1234', body: { newPin: pin } })
  })
})

test.each([
  ['no JSON', `{"pin":"${canary}`],
  ['JSON with something after it', `{"pin":"${canary}"} {}`],
  ['null', 'null'],
  ['an array', `["${canary}"]`],
  ['a string', `"${canary}"`],
  ['a number', '1234'],
  ['nothing', ''],
  ['deeply nested', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['huge', JSON.stringify({ pin: canary.repeat(10_000) })],
  ['not UTF-8', '{"pin":"\udcff"}'],
])('a body that is %s is refused', async (_, body) => {
  await expectRefused({ method: 'POST', path: '/v2/key', body })
  const id = await client.create('1234')
  await expectRefused({ method: 'PUT', path: `/v2/key/${id}`, pin: '1234', body })
})

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/jsonx',
  'application/json; charset=utf-16',
  '',
])('the content type %j is refused', (type) =>
  expectRefused({ method: 'POST', path: '/v2/key', body: `{"pin":"${canary}"}`, headers: { 'content-type': type } }),
)

test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
  'the content type %j is taken',
  async (type) => {
    const body = '{"pin":"1234"}'
    expect(
      (await client.ask({ method: 'POST', path: '/v2/key', body, headers: { 'content-type': type } })).status,
    ).toBe(201)
  },
)

const headers: readonly [string, string | undefined][] = [
  ['missing', undefined],
  ['empty', ''],
  ['of another scheme', `Bearer ${canary}`],
  ['in lower case', basic('1234').replace('Basic', 'basic')],
  ['without credentials', 'Basic '],
  ['not base64', 'Basic !!!!'],
  ['base64url', 'Basic OnDDpHNzd8O2cmQ_'],
  ['without a colon', `Basic ${Buffer.from(canary).toString('base64')}`],
  ['with a PIN that is too short', basic('123')],
  ['with a PIN that is too long', basic('x'.repeat(257))],
  ['with a line feed in the PIN', basic('1234\n')],
  ['not UTF-8', `Basic ${Buffer.from([0x3a, 0xff, 0xfe, 0xff, 0xfe]).toString('base64')}`],
  ['with non-canonical base64', 'Basic OjEyMzR='],
]

test.each(headers)('an Authorization header that is %s is refused at every route', async (_, authorization) => {
  const id = await client.create('1234')
  const sent = authorization === undefined ? {} : { authorization }
  await expectRefused({ path: `/v2/key/${id}`, headers: sent })
  await expectRefused({ method: 'PUT', path: `/v2/key/${id}`, headers: sent, body: { newPin: '5678' } })
  await expectRefused({ method: 'DELETE', path: `/v2/key/${id}`, headers: sent })
})

test.each([
  ['no UUID', canary],
  ['in upper case', randomUUID().toUpperCase()],
  ['of another version', randomUUID().replace(/^(.{14})./, '$17')],
  ['too long', `${randomUUID()}0`],
  ['with bad percent-encoding', '%zz'],
  ['with a NUL', `${randomUUID()}%00`],
  ['with SQL', "'%20or%201=1--"],
])('a key id that is %s is refused', async (_, id) => {
  await expectRefused({ path: `/v2/key/${id}`, pin: '1234' })
  await expectRefused({ method: 'PUT', path: `/v2/key/${id}`, pin: '1234', body: { newPin: '5678' } })
  await expectRefused({ method: 'DELETE', path: `/v2/key/${id}`, pin: '1234' })
})

const missingToken = { status: 403, text: '{"message":"Missing Authentication Token"}' }
test.each([
  ['GET', '/'],
  ['GET', `/${canary}`],
  ['GET', '/v2/key'],
  ['GET', '/v2/key/'],
  ['POST', '/v2/key/'],
  ['POST', '/V2/KEY'],
  ['PATCH', '/v2/key'],
  ['GET', `/v1/key/${randomUUID()}`],
  ['GET', `/v2/key/${randomUUID()}/`],
  ['POST', `/v2/key/${randomUUID()}`],
  ['GET', `/v2/key/${randomUUID()}/${canary}`],
  ['OPTIONS', '/v2/key'],
  ['GET', '//v2/key'],
])('%s %s is no route', (method, path) => expectRefused({ method, path }, missingToken))

test('HEAD is no way to guess', async () => {
  const id = await client.create('1234')
  const before = await state()
  expect((await client.ask({ method: 'HEAD', path: `/v2/key/${id}`, pin: '0000' })).status).toBe(403)
  expect(await state()).toEqual(before)
})

/** What is sent is up to the test, byte by byte. */
const raw = (lines: string) =>
  new Promise<string>((resolve, reject) => {
    const { port } = new URL(app.baseUrls[0] ?? '')
    const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(lines))
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString('latin1')))
    // Whoever is refused in the middle of a sentence may hear the answer, and then that the connection is gone.
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)))
    socket.on('close', () => resolve(text))
    socket.setTimeout(60_000, () => socket.destroy(new Error('no end')))
  })

test.each([
  ['two lengths', 'POST /v2/key HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 14\r\n\r\n{"pin":"1234"}'],
  [
    'a length and chunks',
    'POST /v2/key HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['no HTTP', `${canary}\r\n\r\n`],
  ['headers without end', `GET /v2/key HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`],
])('framing with %s is refused', async (_, lines) => {
  const before = await state()
  expect(await raw(lines)).toMatch(/^HTTP\/1\.1 4\d\d /)
  expect(await state()).toEqual(before)
  expect(await app.log()).not.toContain(canary)
})

test('the log names the field that was wrong, and the route as a template', async () => {
  await client.ask({ method: 'POST', path: '/v2/key', body: { pin: 7391 } })
  await client.ask({ path: `/v2/key/${randomUUID()}` })
  const isToldOf = async (field: string, route: string) =>
    (await app.log())
      .split('\n')
      .some((line) =>
        ['invalid-input', `"field":"${field}"`, `"route":"${route}"`].every((part) => line.includes(part)),
      )
  await expect.poll(() => isToldOf('body pin', '/v2/key')).toBe(true)
  await expect.poll(() => isToldOf('header authorization', '/v2/key/:keyId')).toBe(true)
})
