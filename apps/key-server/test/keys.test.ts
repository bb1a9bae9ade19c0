import { randomUUID } from 'node:crypto'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, invalidParams, type KeyServerClient, startKeyServer, success } from './client.ts'

let app: TestApp
let client: KeyServerClient
beforeAll(async () => {
  app = await startKeyServer()
  client = clientOf(app.baseUrls[0] ?? '')
})
afterAll(() => app.stop())

const keyOf = (text: string) => (JSON.parse(text) as { encryptionKey: string }).encryptionKey
const week = 7 * 86_400_000

test('creating a key answers 201 and its id, to the byte', async () => {
  const { status, text, headers } = await client.ask({ method: 'POST', path: '/v2/key', body: { pin: '1234' } })
  expect(status).toBe(201)
  expect(text).toMatch(/^\{"id":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"\}$/)
  expect(headers.get('content-type')).toContain('application/json')
  expect(headers.get('cache-control')).toBe('no-store')
})

test('the right PIN releases 32 bytes, the same each time, and another key has others', async () => {
  const [one, two] = [await client.create('1234'), await client.create('1234')]
  const { status, text } = await client.open(one, '1234')
  expect(status).toBe(200)
  expect(text).toMatch(new RegExp(`^\\{"id":"${one}","encryptionKey":"[A-Za-z0-9+/]{43}="\\}$`))
  expect((await client.open(one, '1234')).text).toBe(text)
  expect(keyOf((await client.open(two, '1234')).text)).not.toBe(keyOf(text))
})

test('a wrong PIN and an unknown key answer alike', async () => {
  const id = await client.create('1234')
  const [wrong, unknown] = [await client.open(id, '4321'), await client.open(randomUUID(), '4321')]
  expect([wrong.status, wrong.text]).toEqual([404, invalidParams])
  expect([unknown.status, unknown.text]).toEqual([404, invalidParams])
  expect([...unknown.headers.keys()]).toEqual([...wrong.headers.keys()])
})

test.each([
  ['a known key', () => client.create('1234')],
  ['an unknown one', () => Promise.resolve(randomUUID())],
])('the eleventh wrong PIN of %s is refused until a week after the first', async (_, idOf) => {
  const id = await idOf()
  const before = Date.now()
  for (let i = 0; i < 10; i++) expect((await client.open(id, '0000')).status).toBe(404)
  const refused = await client.open(id, '1234')
  expect(refused.status).toBe(429)
  const { delay } = JSON.parse(refused.text) as { delay: string }
  expect(refused.text).toBe(`{"message":"Rate limit until","delay":"${delay}"}`)
  expect(new Date(delay).toISOString()).toBe(delay)
  expect(Math.abs(new Date(delay).getTime() - before - week)).toBeLessThan(60_000)
  for (const again of [await client.change(id, '1234', '5678'), await client.erase(id, '1234')]) {
    expect([again.status, again.text]).toEqual([429, refused.text])
  }
})

test('a right PIN gives back the wrong ones before it', async () => {
  const id = await client.create('1234')
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 9; i++) await client.open(id, '0000')
    expect((await client.open(id, '1234')).status).toBe(200)
  }
})

test('a changed PIN opens the same key, the old one no more, and the counters start anew', async () => {
  const id = await client.create('1234')
  const key = keyOf((await client.open(id, '1234')).text)
  for (let i = 0; i < 9; i++) await client.open(id, '0000')
  const { status, text } = await client.change(id, '1234', '#!Pa$$wörD: a phrase')
  expect([status, text]).toEqual([200, success])
  expect((await client.open(id, '1234')).status).toBe(404)
  expect(keyOf((await client.open(id, '#!Pa$$wörD: a phrase')).text)).toBe(key)
  for (let i = 0; i < 10; i++) expect((await client.open(id, '0000')).status).toBe(404)
  expect((await client.open(id, '0000')).status).toBe(429)
})

test('the same PIN may be set again, and a wrong one changes nothing', async () => {
  const id = await client.create('1234')
  expect((await client.change(id, '1234', '1234')).status).toBe(200)
  const refused = await client.change(id, '9999', '5678')
  expect([refused.status, refused.text]).toEqual([404, invalidParams])
  expect((await client.open(id, '1234')).status).toBe(200)
})

test('of two changes at once, one wins and the key opens with the winner’s PIN alone', async () => {
  const id = await client.create('1234')
  const pins = ['1111', '2222', '3333']
  const answers = await Promise.all(pins.map((pin) => client.change(id, '1234', pin)))
  const won = answers.map(({ status }) => status === 200)
  expect(won.filter(Boolean)).toHaveLength(1)
  const opened = await Promise.all(pins.map(async (pin) => (await client.open(id, pin)).status === 200))
  expect(opened).toEqual(won)
})

test('an erased key is an unknown one, and leaves nothing', async () => {
  const id = await client.create('1234')
  expect((await client.erase(id, '4321')).status).toBe(404)
  const { status, text } = await client.erase(id, '1234')
  expect([status, text]).toEqual([200, success])
  expect((await client.open(id, '1234')).status).toBe(404)
  expect(await app.sql(`select from pin_keys.keys where id = '${id}'`)).toHaveLength(0)
  expect(await app.sql(`select from guesses.budgets where subject = '${id}'`)).toHaveLength(0)
})

test.each(['12:34', ':1234', '1234:', 'a'.repeat(256), '😀😀', 'pässwörd', ' 1 2 3 4 '])(
  'the PIN %j works as it was typed',
  async (pin) => {
    const id = await client.create(pin)
    expect((await client.open(id, pin)).status).toBe(200)
    expect((await client.open(id, `${pin.slice(0, 200)}x`)).status).toBe(404)
  },
)

test('what happened is in the audit log, and the app cannot rewrite it', async () => {
  const id = await client.create('1234')
  await client.open(id, '1234')
  await client.change(id, '1234', '5678')
  await client.erase(id, '5678')
  const events = await app.sql(
    `select concat_ws(' ', event, detail ->> 'purpose') as told from audit.events where subject = '${id}' order by id`,
  )
  expect(events.map(({ told }) => told)).toEqual([
    'key.created',
    'guess.charged open-key',
    'guess.succeeded open-key',
    'guess.charged change-pin',
    'guess.succeeded change-pin',
    'key.pin-changed',
    'guess.charged erase-key',
    'guess.succeeded erase-key',
    'key.erased',
  ])
  const [allowed] = await app.sql(`
    select has_table_privilege('${app.database.role}', 'audit.events', 'update') as update,
           has_table_privilege('${app.database.role}', 'audit.events', 'delete') as delete,
           has_table_privilege('${app.database.role}', 'audit.events', 'truncate') as truncate,
           has_table_privilege('${app.database.role}', 'audit.events', 'insert') as insert`)
  expect(allowed).toEqual({ update: false, delete: false, truncate: false, insert: true })
  const owned = await app.sql(`select relname from pg_class where relowner = '${app.database.role}'::regrole`)
  expect(owned).toEqual([])
})
