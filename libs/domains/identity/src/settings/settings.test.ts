import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Asked, keepingWorld, type KeepingWorld, linksIn, listIn, resourceIn } from '../../test/keeping-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import { findClientDomain } from './client-domain.ts'

let world: KeepingWorld
let account: string
let owner: SigningKey
beforeAll(async () => {
  world = await keepingWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  account = signingKey().id
  owner = signingKey()
  world.ledger.addSigner(account, owner.id)
})

const path = () => `/identities/${account}/settings`
const put = (key: unknown, value: unknown, as?: SigningKey) =>
  world.ask('PUT', path(), { as: as ?? owner, body: { data: { attributes: { key, value } } } })
const get = (key: string, asked: Asked = { as: owner }) => world.ask('GET', `${path()}/${key}`, asked)
const valueOf = async (key: string) => resourceIn(await get(key)).attributes.value
const keys = async (query = '') =>
  listIn(await world.ask('GET', path() + query, { as: owner })).map(({ attributes }) => attributes.key)

const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown

test.each([
  ['an object', { push: true, __proto__: null, nested: { a: [1, null] } }],
  ['an array', ['email', 'sms']],
  ['a text', 'uk \u0000 \u{1F600}'],
  ['an empty text', ''],
  ['a number', -0.5],
  ['true', true],
  ['false', false],
  ['a hundred brackets in brackets', nested(100)],
])('a setting comes back as it was: %s', async (_, value) => {
  const set = await put('a.key', value)
  expect(set.status).toBe(200)
  expect((await get('a.key')).body).toEqual(set.body)
  expect(JSON.stringify(await valueOf('a.key'))).toBe(JSON.stringify(value))
})

test('a setting is a resource of its account, and null where nothing is set', async () => {
  expect(await get('locale')).toEqual({
    status: 200,
    body: {
      data: {
        id: `${account}:locale`,
        type: 'identity_settings',
        attributes: { key: 'locale', value: null },
        relationships: { identity: { data: { id: account, type: 'identity' } } },
      },
    },
  })
})

test('setting once more replaces; null clears', async () => {
  for (const value of ['uk', 'en']) await put('locale', value)
  expect([await valueOf('locale'), await keys()]).toEqual(['en', ['locale']])
  expect(resourceIn(await put('locale', null)).attributes).toEqual({ key: 'locale', value: null })
  expect([await valueOf('locale'), await keys()]).toEqual([null, []])
})

test('the owner reads and writes, administrators read, recovery does neither', async () => {
  await put('locale', 'uk')
  const [guest, stranger, recovery] = [signingKey(), signingKey(), signingKey()]
  world.ledger.letIn(account, guest.id)
  world.ledger.addSigner(signingKey().id, stranger.id)
  world.ledger.addSigner(account, recovery.id, { role: 1 })
  const statuses = async (as?: SigningKey) => {
    const asked = as ? { as } : {}
    const body = { data: { attributes: { key: 'locale', value: 'en' } } }
    const answers = [
      await world.ask('GET', path(), asked),
      await get('locale', asked),
      await get('unset', asked),
      await world.ask('PUT', path(), { ...asked, body }),
    ]
    return answers.map(({ status }) => status)
  }
  expect(await statuses(world.admin)).toEqual([200, 200, 200, 401])
  for (const as of [undefined, guest, stranger, recovery]) expect(await statuses(as)).toEqual([401, 401, 401, 401])
  expect(await valueOf('locale')).toBe('uk')
  expect(await statuses(owner)).toEqual([200, 200, 200, 200])
})

const page = (number: number) => `?page[number]=${String(number)}&page[limit]=2`

test('settings are listed by key, in pages that link to one another', async () => {
  for (const key of ['b', 'a:1', 'C', '__proto__', 'a.2']) await put(key, key)
  const sorted = ['C', '__proto__', 'a.2', 'a:1', 'b']
  expect(await keys()).toEqual(sorted)
  const links = linksIn(await world.ask('GET', path() + page(2), { as: owner }))
  expect(links).toEqual({
    self: path() + page(2),
    first: path() + page(1),
    prev: path() + page(1),
    next: path() + page(3),
  })
  expect([await keys(page(1)), await keys(page(2)), await keys(page(3))].flat()).toEqual(sorted)
  expect(linksIn(await world.ask('GET', path() + page(3), { as: owner })).next).toBeUndefined()
  expect(await keys('?page=1&page[number]=1&page[cursor]=&limit=15')).toEqual(sorted)
})

test.each([
  ['no key', undefined, 'x', '/data/attributes/key'],
  ['an empty key', '', 'x', '/data/attributes/key'],
  ['a key with a slash', 'a/b', 'x', '/data/attributes/key'],
  ['a key of 129 letters', 'k'.repeat(129), 'x', '/data/attributes/key'],
  ['no value', 'k', undefined, '/data/attributes/value'],
  ['a value that is nested too deep', 'k', nested(101), '/data/attributes/value'],
  ['a value that is nested as deep as can be sent', 'k', nested(8000), '/data/attributes/value'],
  ['a value of more than 16 KiB', 'k', 'x'.repeat(16_383), '/data/attributes/value'],
])('%s is refused, and the field is named', async (...[, key, value, field]) => {
  expect(await put(key, value)).toMatchObject({ status: 400, body: { errors: [{ meta: { field } }] } })
})

test('a value may have 16 KiB, whatever space stands around it', async () => {
  expect(await put('k', 'x'.repeat(16_382))).toMatchObject({ status: 200 })
  const spacious = `{"data":{"attributes":{"key":"k",${' '.repeat(20_000)}"value":1}}}`
  expect(await world.ask('PUT', path(), { as: owner, body: spacious })).toMatchObject({ status: 200 })
})

test('an account has two hundred settings, however many are set at once; who clears one sets another', async () => {
  const most = world.policies.settingsPerAccount
  for (let n = 0; n < most - 3; n++) await put(`k${String(n)}`, n)
  for (let round = 0; round < 5; round++) {
    const more = Array.from({ length: 10 }, (_, n) => `more${String(n)}`)
    const answers = await Promise.all(more.map((key) => put(key, round)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
    expect(answers.find(({ status }) => status === 400)?.body).toEqual({
      errors: [{ title: 'Bad Request', status: '400', detail: 'The account has as many settings as it may' }],
    })
    for (const key of round < 4 ? more : []) await put(key, null)
  }
  expect(await put('k0', 'changed')).toMatchObject({ status: 200 })
  await put('k1', null)
  expect(await put('another', 1)).toMatchObject({ status: 200 })
})

const chosen = (clientDomains = world.policies.clientDomains) =>
  findClientDomain({ ...world, policies: { ...world.policies, clientDomains } }, account)

test('the client domain is a host of the list, and counts for as long as it is on it', async () => {
  expect(await chosen()).toBeUndefined()
  expect(await put('client_domain', 'App.Example.com')).toMatchObject({ status: 200 })
  expect(await chosen()).toBe('app.example.com')
  expect(await chosen(['other.example.com'])).toBeUndefined()
  for (const wrong of [
    'evil.example',
    'app.example.com.evil.example',
    'https://app.example.com',
    'app.example.com/',
    7,
    {},
  ]) {
    expect(await put('client_domain', wrong)).toEqual({
      status: 400,
      body: {
        errors: [
          {
            title: 'Bad Request',
            status: '400',
            meta: { field: '/data/attributes/value', error: 'is no host that this service knows' },
          },
        ],
      },
    })
  }
  expect(await chosen()).toBe('app.example.com')
  await put('client_domain', null)
  expect(await chosen()).toBeUndefined()
  const events = await world.owner.many(
    z.object({ event: z.string(), detail: z.unknown() }),
    sql`select event, detail from audit.events where subject = ${account}`,
  )
  const changed = { event: 'identity.client-domain-changed', detail: { key: owner.id } }
  expect(events).toEqual([changed, changed])
})

test('a dump holds no value, and a row that is moved to another key or account does not open there', async () => {
  await put('locale', 'a canary')
  const stored = await world.owner.many(
    z.object({ row: z.string() }),
    sql`select s::text as row from identity.settings s where account_id = ${account}`,
  )
  expect(stored).toHaveLength(1)
  for (const form of ['a canary', Buffer.from('a canary').toString('hex')])
    expect(JSON.stringify(stored)).not.toContain(form)
  await world.owner.run(sql`update identity.settings set key = 'client_domain' where account_id = ${account}`)
  expect(await get('client_domain')).toMatchObject({ status: 500 })
  const thief = signingKey()
  world.ledger.addSigner(thief.id, thief.id)
  await world.owner.run(sql`
    update identity.settings set key = 'locale', account_id = ${thief.id} where account_id = ${account}`)
  const answer = await world.ask('GET', `/identities/${thief.id}/settings/locale`, { as: thief })
  expect(answer).toEqual({ status: 500, body: { errors: [{ title: 'Internal Server Error', status: '500' }] } })
})
