import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newUser } from './callers.ts'
import { askForAddress, newAddress } from './changes.ts'
import { clientOf, newEmail, refused, startIdentityStorage, told, type World, wrong } from './client.ts'
import { linksTo } from './mails.ts'
import type { Owner } from './owners.ts'
import { asking, linksIn, listIn, resourceIn } from './resources.ts'

let world: World
let ann: Owner
let path: string
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { CLIENT_DOMAINS: 'Wallet.example.com' } })
  ann = await newUser(world)
  path = `/identities/${ann.accountId}/settings`
})
afterAll(() => world[Symbol.asyncDispose]())

const put = (key: string, value: unknown, by = ann.signer) =>
  world.ask(asking(['PUT', path], { data: { attributes: { key, value } } }, by))
const get = (key: string, by = ann.signer) => world.ask(asking(['GET', `${path}/${key}`], undefined, by))

test.each<[string, unknown]>([
  ['an object', { topics: { sales: true }, '': [] }],
  ['an array', [1, 'two', null, [3]]],
  ['a string', 'українська'],
  ['an empty string', ''],
  ['a number', -0.5],
  ['true', true],
  ['false', false],
])('PUT …/settings keeps %s, and GET …/settings/{key} has it as it was', async (_, value) => {
  const id = `${ann.accountId}:kept`
  const relationships = { identity: { data: { id: ann.accountId, type: 'identity' } } }
  const resource = { data: { id, type: 'identity_settings', attributes: { key: 'kept', value }, relationships } }
  const set = await put('kept', value)
  expect([set.status, set.body]).toEqual([200, resource])
  for (const by of [ann.signer, world.admin]) expect((await get('kept', by)).body).toEqual(resource)
})

test('what is not set is null, and null clears', async () => {
  await put('cleared', 1)
  expect(resourceIn(await put('cleared', null)).attributes).toEqual({ key: 'cleared', value: null })
  for (const key of ['cleared', 'never-set']) {
    const answer = await get(key)
    expect([answer.status, resourceIn(answer).attributes]).toEqual([200, { key, value: null }])
  }
})

test('GET …/settings lists them by key, in pages that link to one another', async () => {
  const bob = await newUser(world)
  const all = `/identities/${bob.accountId}/settings`
  for (const key of ['c', 'a', 'e', 'b', 'd'])
    await world.ask(asking(['PUT', all], { data: { attributes: { key, value: key } } }, bob.signer))
  const page = (number: number) => `${all}?page[number]=${String(number)}&page[limit]=2`
  const read = (from: string) => world.ask(asking(['GET', from], undefined, bob.signer))
  const keysIn = async (from: string) => listIn(await read(from)).map(({ attributes }) => attributes['key'])
  expect(await keysIn(all)).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect([await keysIn(page(1)), await keysIn(page(2)), await keysIn(page(3))]).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  expect(linksIn(await read(page(2)))).toEqual({ self: page(2), first: page(1), prev: page(1), next: page(3) })
  expect(linksIn(await read(page(3)))).toEqual({ self: page(3), first: page(1), prev: page(2) })
})

describe('client_domain', () => {
  test('is a host that the operator knows, or none: links of mails lead nowhere else', async () => {
    for (const value of [
      'evil.example',
      'wallet.example.com.evil.example',
      'https://wallet.example.com',
      ['wallet.example.com'],
      7,
      true,
      {},
    ])
      expect(told(await put('client_domain', value))).toEqual(
        wrong('/data/attributes/value', 'is no host that this service knows'),
      )
    expect((await put('client_domain', 'wallet.example.com')).status).toBe(200)
    expect((await put('client_domain', null)).status).toBe(200)
  })

  test('is where links in mails lead, as long as the operator knows it', async () => {
    const bob = await newUser(world)
    const body = { data: { attributes: { key: 'client_domain', value: 'wallet.example.com' } } }
    const setting = asking(['PUT', `/identities/${bob.accountId}/settings`], body, bob.signer)
    expect((await world.ask(setting)).status).toBe(200)
    const unknowing = clientOf((await world.app.spawn({ CLIENT_DOMAINS: undefined })).baseUrl)
    for (const [ask, client] of [
      [world.ask, 'http://wallet.example.com/r/'],
      [unknowing, 'http://127.0.0.1:4210/r/'],
    ] as const) {
      const next = newAddress(bob, newEmail())
      expect(told(await askForAddress({ ...world, ask }, bob, next))).toEqual([204, ''])
      const [link] = await linksTo(world.app, next.email)
      expect([link?.url.startsWith(client), link?.walletId]).toEqual([true, next.walletId])
    }
  })
})

test('a setting of another account is nobody’s to read or to write, whatever account the caller says it is', async () => {
  const bob = await newUser(world)
  const headers = { 'account-id': ann.accountId }
  for (const asked of [
    asking(['GET', path], undefined, bob.signer),
    asking(['GET', `${path}/kept`], undefined, bob.signer),
    asking(['PUT', path], { data: { attributes: { key: 'kept', value: 'taken' } } }, bob.signer),
  ])
    expect(told(await world.ask({ ...asked, headers }))).toEqual(refused(401))
})

test('GET /data/enums is what forms offer, for everybody', async () => {
  const answer = await world.ask({ path: '/data/enums' })
  const { type, attributes } = resourceIn(answer)
  expect([answer.status, type]).toEqual([200, 'enums'])
  expect(Object.keys(attributes).toSorted()).toEqual([
    'business_type',
    'countries',
    'education',
    'employment_status',
    'entity_type',
    'gender',
    'id_document',
    'industry',
    'marital_status',
    'nationalities',
  ])
  for (const choices of Object.values(attributes)) expect((choices as string[]).length).toBeGreaterThan(1)
})
