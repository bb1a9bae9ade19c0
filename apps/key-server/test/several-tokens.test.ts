import { halfHeld, secondToken, type SecondToken, sweepNow, type TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, type KeyServerClient, startKeyServer, success } from './client.ts'
import { addVerified, newEmail } from './people.ts'

let second: SecondToken
let app: TestApp
let client: KeyServerClient

beforeAll(async () => {
  second = await secondToken('key-server-2')
  app = await startKeyServer({ settings: second.settings })
  client = clientOf(app.baseUrls[0] ?? '')
})
afterAll(async () => {
  await app.stop()
  await second[Symbol.asyncDispose]()
})

const health = async () => {
  const answer = await fetch(`${app.baseUrls[0] ?? ''}/health/ready`)
  return { status: answer.status, body: (await answer.json()) as { tokens: { label: string; state: string }[] } }
}
const states = async () => (await health()).body.tokens.map(({ state }) => state)
const until = (...wanted: string[]) => expect.poll(states, { timeout: 30_000 }).toEqual(wanted)

const columns = [
  ['pin_keys.keys', 'envelope'],
  ['pin_keys.users', 'contact'],
  ['pin_keys.recovery_copies', 'envelope'],
  ['keystore.recovery_key', 'public_key'],
] as const

test('health and metrics name both tokens, and nothing secret', async () => {
  const { status, body } = await health()
  expect([status, body]).toEqual([
    200,
    {
      status: 'ok',
      database: 'ok',
      token: 'ok',
      model: 'SoftHSM v2',
      software: true,
      tokens: [
        { label: 'key-server', state: 'healthy' },
        { label: 'key-server-2', state: 'healthy' },
      ],
    },
  ])
  const metrics = await (await fetch(`${app.baseUrls[0] ?? ''}/metrics`)).text()
  expect(metrics).toContain('strongroom_hsm_token_ready{token="key-server"} 1')
  expect(metrics).toContain('strongroom_hsm_token_ready{token="key-server-2"} 1')
})

test('whichever token is away: ready, keys open, PINs change, and owners are told of nothing', async () => {
  const id = await client.create('1234')
  const [key] = [(await client.open(id, '1234')).text]
  for (const [token, away] of [
    [app.token, ['away', 'healthy']],
    [second.token, ['healthy', 'away']],
  ] as const) {
    await token.take()
    await until(...away)
    expect((await health()).status).toBe(200)
    expect((await client.open(id, '1234')).text).toBe(key)
    expect((await client.open(id, '0000')).status).toBe(404)
    await token.bringBack()
    await until('healthy', 'healthy')
  }
})

test('case 30: a PIN that changed while one token was away: the old one is refused, the new one waits and pays nothing', async () => {
  const id = await client.create('1234')
  const key = (await client.open(id, '1234')).text
  await second.token.take()
  await until('healthy', 'away')
  expect((await client.change(id, '1234', '98765')).text).toBe(success)
  await second.token.bringBack()
  await until('healthy', 'healthy')
  await app.takeToken()
  await until('away', 'healthy')
  for (let tries = 0; tries < 15; tries++) {
    const { status, headers } = await client.open(id, '98765')
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true])
  }
  for (let tries = 0; tries < 8; tries++) expect((await client.open(id, '1234')).status).toBe(404)
  await app.bringTokenBack()
  await until('healthy', 'healthy')
  expect((await client.open(id, '1234')).status).toBe(404)
  expect((await client.open(id, '98765')).text).toBe(key)
})

test('with both away: 503, not ready, and no guess is spent', async () => {
  const id = await client.create('1234')
  await Promise.all([app.takeToken(), second.token.take()])
  await expect.poll(async () => (await health()).status).toBe(503)
  for (let tries = 0; tries < 15; tries++) expect((await client.open(id, '0000')).status).toBe(503)
  await Promise.all([app.bringTokenBack(), second.token.bringBack()])
  await until('healthy', 'healthy')
  expect((await client.open(id, '1234')).status).toBe(200)
})

test('what was made while one token was away is held by both soon after, and opens by it alone', async () => {
  await second.token.take()
  await until('healthy', 'away')
  await sweepNow(app)
  const [id, address] = [await client.create('4829'), newEmail()]
  await addVerified(app, client, { keyId: id, pin: '4829', address })
  const key = (await client.open(id, '4829')).text
  const before = await halfHeld(app, columns)
  for (const [table, column] of columns.slice(0, 3)) {
    expect([table, before[`${table}.${column}`]?.half]).not.toContain(0)
  }
  await expect.poll(async () => (await app.sql(`select from graphile_worker.jobs`)).length).toBe(0)
  await second.token.bringBack()
  await until('healthy', 'healthy')
  await sweepNow(app)
  await expect
    .poll(async () => Object.values(await halfHeld(app, columns)).reduce((sum, { half }) => sum + half, 0))
    .toBe(0)
  await app.takeToken()
  await until('away', 'healthy')
  expect((await client.open(id, '4829')).text).toBe(key)
  expect((await client.open(id, '0000')).status).toBe(404)
  // Its code is sent to the address that the second token opens.
  const sent = (await app.messagesTo(address)).length
  expect((await client.askReset(id, address)).status).toBe(200)
  await expect.poll(async () => (await app.messagesTo(address)).length).toBeGreaterThan(sent)
  await app.bringTokenBack()
  await until('healthy', 'healthy')
})

test('a start is refused, by name, with fewer tokens than must hold each value, or half a token', async () => {
  await expect(app.spawn({ HSM_MIN_RECIPIENTS: '3' })).rejects.toThrow(/3 tokens must hold each value and 2 are/)
  await expect(app.spawn({ HSM_2_PIN: undefined })).rejects.toThrow(/HSM_2_PIN: is missing/)
  await expect(app.spawn({ HSM_2_TOKEN_LABEL: undefined })).rejects.toThrow(/HSM_2_TOKEN_LABEL: is missing/)
  await expect(app.spawn({ HSM_2_TOKEN_LABEL: 'key-server' })).rejects.toThrow(/two tokens are configured by the label/)
  await expect(app.spawn({ HSM_2_TOKEN_LABEL: 'nobody' })).rejects.toThrow(/keys that this release needs were not made/)
})

test('one process starts without the second token, and waits for it; where two must hold each value, none does', async () => {
  await second.token.take()
  const { baseUrl, child } = await app.spawn()
  expect((await fetch(`${baseUrl}/health/ready`)).status).toBe(200)
  expect((await clientOf(baseUrl).create('1234')).length).toBe(36)
  await expect(app.spawn({ HSM_MIN_RECIPIENTS: '2' })).rejects.toThrow(/ended with/)
  await second.token.bringBack()
  await expect
    .poll(async () => ((await (await fetch(`${baseUrl}/health/ready`)).json()) as { tokens: unknown[] }).tokens[1])
    .toEqual({ label: 'key-server-2', state: 'healthy' })
  child.kill('SIGTERM')
})

test('provisioning once more makes nothing, and without the second token it fails', async () => {
  expect(await app.provision()).toBe(0)
  const keys = await app.sql(`select token, count(*)::int as keys from keystore.keys where job <> 'recover' group by 1`)
  expect(keys.toSorted((a, b) => String(a['token']).localeCompare(String(b['token'])))).toEqual([
    { token: '', keys: 7 },
    { token: 'key-server-2', keys: 6 },
  ])
  await second.token.take()
  expect(await app.provision()).not.toBe(0)
  await second.token.bringBack()
})
