import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { openDatabase, sql } from '@strongroom/storage'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, startKeyServer } from './client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startKeyServer()
})
afterAll(() => app.stop())

const base = () => app.baseUrls[0] ?? ''
const get = async (path: string, from = base()) => {
  const answer = await fetch(`${from}${path}`)
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') ?? '' }
}

test.each(['/health/ready', '/healthz'])(
  '%s tells that database and token answer, and what the token is',
  async (path) => {
    const { status, text } = await get(path)
    expect(status).toBe(200)
    const tokens = [{ label: 'key-server', state: 'healthy' }]
    const works = { status: 'ok', database: 'ok', token: 'ok' }
    expect(JSON.parse(text)).toEqual({ ...works, model: 'SoftHSM v2', software: true, tokens })
  },
)

test('/metrics counts answers by route template', async () => {
  await clientOf(base()).open(randomUUID(), '1234')
  const { status, text } = await get('/metrics')
  expect(status).toBe(200)
  expect(text).toContain('strongroom_hsm_ready 1')
  expect(text).toMatch(
    /strongroom_http_answers_total\{method="GET",route="\/v2\/key\/:keyId",status="404",refusal="invalid-params"\} \d/,
  )
})

test('/openapi.json is OpenAPI 3.1, and /docs shows it without asking any other host', async () => {
  expect(JSON.parse((await get('/openapi.json')).text)).toMatchObject({ openapi: '3.1.0' })
  const page = await get('/docs')
  expect(page.type).toContain('text/html')
  const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '')
  expect(parts.length).toBeGreaterThan(2)
  for (const part of parts) expect((await get(`/${part}`)).status).toBe(200)
  expect(page.text).not.toMatch(/https?:/)
  expect((await get('/docs/../package.json')).status).toBe(403)
})

test('while the token is away: live, not ready, 503 with Retry-After, no guess is spent; then all is as before', async () => {
  const client = clientOf(base())
  const id = await client.create('1234')
  await app.takeToken()
  await expect.poll(async () => (await get('/health/ready')).status).toBe(503)
  expect((await get('/health/live')).status).toBe(200)
  expect((await get('/metrics')).text).toContain('strongroom_hsm_ready 0')
  for (let i = 0; i < 30; i++) {
    const { status, text, headers } = await client.open(id, '0000')
    expect([status, text]).toEqual([503, '{"message":"Service unavailable"}'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  }
  const created = await client.ask({ method: 'POST', path: '/v2/key', body: { pin: '1234' } })
  expect(created.status).toBe(503)
  await app.bringTokenBack()
  await expect.poll(async () => (await get('/health/ready')).status, { timeout: 30_000 }).toBe(200)
  for (let i = 0; i < 9; i++) expect((await client.open(id, '0000')).status).toBe(404)
  expect((await client.open(id, '1234')).status).toBe(200)
})

test('SIGTERM lets requests in flight end, takes no new ones, and exits with 0', async () => {
  const { baseUrl, child } = await app.spawn()
  const client = clientOf(baseUrl)
  const ended = once(child, 'exit')
  const owner = openDatabase({ connectionString: app.database.adminUrl, connections: 1 })
  // None can be answered before the signal: they wait for the table.
  const inFlight = await owner.transaction(async (tx) => {
    const waiting = `select from pg_locks join pg_database as d on d.oid = database
      where not granted and datname = current_database() and relation = 'pin_keys.keys'::regclass`
    await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
    await tx.run(sql`lock table pin_keys.keys in share mode`)
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => client.create('1234')))
    await expect.poll(() => app.sql(waiting)).not.toEqual([])
    child.kill('SIGTERM')
    return { asked }
  })
  await owner.close()
  const answers = await inFlight.asked
  expect((await ended)[0]).toBe(0)
  await expect(client.create('1234')).rejects.toThrow('fetch failed')
  const created = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  expect(created.length).toBeGreaterThan(0)
  for (const id of created) expect((await clientOf(base()).open(id, '1234')).status).toBe(200)
})

test('with a management port, the public one serves the API alone', async () => {
  const { baseUrl } = await app.spawn({ MANAGEMENT_PORT: '0' })
  expect((await get('/health/ready', baseUrl)).status).toBe(403)
  expect((await get('/metrics', baseUrl)).status).toBe(403)
  expect((await clientOf(baseUrl).open(randomUUID(), '1234')).status).toBe(404)
  const told = async () => (await app.log()).split('\n').find((one) => one.includes('"managementPort":'))
  await expect.poll(told).toBeDefined()
  const line = await told()
  const { managementPort } = JSON.parse(line ?? '{}') as { managementPort: number }
  expect((await get('/metrics', `http://127.0.0.1:${String(managementPort)}`)).status).toBe(200)
})

test('creating keys is limited by address, and demands the application key where one is configured', async () => {
  const limited = await app.spawn({ CREATIONS_PER_ADDRESS: '2', APPLICATION_KEY: 'an-application-key' })
  const { ask } = clientOf(limited.baseUrl)
  const create = (headers: Record<string, string>) =>
    ask({ method: 'POST', path: '/v2/key', body: { pin: '1234' }, headers })
  expect((await create({})).text).toBe('{"message":"Invalid application key"}')
  expect((await create({ 'x-application-key': 'another-application-key' })).status).toBe(403)
  const mine = { 'x-application-key': 'an-application-key' }
  expect([(await create(mine)).status, (await create(mine)).status]).toEqual([201, 201])
  const refused = await create({ ...mine, 'x-forwarded-for': '6.6.6.6' })
  expect(refused.status).toBe(429)
  expect(refused.text).toMatch(/^\{"message":"Rate limit until","delay":"[^"]+Z"\}$/)
})
