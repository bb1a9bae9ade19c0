import { limiter } from '@strongroom/http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { look, makeNobodys, type ShownIdentity } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newEmail, newPhone, newUser, signUp, newOwner, type WalletOwner } from '../../test/wallet-owner.ts'

let world: IdentityWorld
let user: WalletOwner
beforeAll(async () => {
  world = await identityWorld()
  user = await newUser(world)
  const body = { data: { attributes: { passport: 'AB 123456' } } }
  await world.ask('PUT', `/identities/${user.account}/settings/passport`, { by: user.key, body })
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const reduced = (attributes: object): object => ({
  id: expect.any(String) as unknown,
  type: 'identity',
  attributes: {
    address: user.account,
    email: null,
    phone_number: null,
    telegram_username: null,
    status: 'active',
    ...attributes,
  },
  relationships: { account: { links: { related: `/v3/accounts/${user.account}` } } },
})

const full = (of: WalletOwner, attributes: object = {}): object => ({
  ...reduced({}),
  attributes: {
    address: of.account,
    email: of.email,
    phone_number: null,
    telegram_username: null,
    status: 'active',
    passport: null,
    updated_at: expect.stringMatching(/Z$/) as unknown,
    ...attributes,
  },
  relationships: { account: { links: { related: `/v3/accounts/${of.account}` } } },
})

describe('anybody', () => {
  test('is told whose account it is, and of the person nothing but what they asked by', async () => {
    expect(await look(world, { email: user.email })).toEqual([reduced({ email: user.email })])
    expect(await look(world, { identifier: user.email })).toEqual([reduced({ email: user.email })])
    expect(await look(world, { address: user.account })).toEqual([reduced({})])
    expect(await look(world, { passport: 'AB 123456' })).toEqual([reduced({})])
    expect(await look(world, { address: user.account, email: user.email })).toEqual([reduced({ email: user.email })])
  })

  test('finds an address in capitals, and with a plus that a client left as it was', async () => {
    const plus = await newUser(world, { email: newEmail().replace('@', '+tag@') })
    const text = plus.email.toUpperCase().replace('@EXAMPLE.COM', '@example.com')
    expect((await look(world, { email: text }))[0]?.attributes.address).toBe(plus.account)
    const raw = await world.ask('GET', `/identities?filter[email]=${plus.email}`)
    expect((raw.body as { data: ShownIdentity[] }).data[0]?.attributes).toMatchObject({
      address: plus.account,
      email: plus.email,
    })
  })

  test.each([
    ['email', 'nobody@example.com'],
    ['email', 'no address'],
    ['phone', '+10000000'],
    ['identifier', '12'],
    ['address', 'no account'],
    ['passport', 'XX'],
    ['telegram_username', '@nobody'],
  ])('finds nobody by a %s that nobody has', async (name, text) => {
    expect(await look(world, { [name]: text })).toEqual([])
  })

  test('finds nobody by filters that are not one person’s', async () => {
    const other = await newUser(world)
    expect(await look(world, { email: user.email, address: other.account })).toEqual([])
    expect(await look(world, { email: user.email, identifier: other.email })).toEqual([])
  })

  test.each(['', '?filter[email]=', '?page[limit]=1', '?filter[name]=Ann'])(
    'must say whom they look for: %s',
    async (query) => {
      const refused = await world.ask('GET', `/identities${query}`)
      expect([refused.status, refused.body]).toMatchObject([400, { errors: [{ meta: { field: 'filter' } }] }])
      expect(await world.ask('GET', `/identities${query}`, { by: user.key })).toMatchObject({ status: 400 })
    },
  )

  test('may look for so many a minute, and administrators for more', async () => {
    const limit = { points: 2, window: 60 }
    world.serveWith({ limits: { ...world.deps.limits, lookups: limiter({ each: limit, all: limit }) } })
    const ask = async (by?: WalletOwner['key']) =>
      (await world.ask('GET', '/identities?filter[email]=a@example.com', { by })).status
    expect([await ask(), await ask(user.key), await ask(), await ask(user.key), await ask(world.admin)]).toEqual([
      200, 200, 429, 429, 200,
    ])
  })
})

test('owners see all of themselves, and of others what anybody sees', async () => {
  const other = await newUser(world)
  expect(await look(world, { address: user.account }, user.key)).toEqual([full(user, { passport: 'AB 123456' })])
  expect(await look(world, { address: user.account }, other.key)).toEqual([reduced({})])
})

const pageOf = (query: string) => world.ask('GET', `/identities?${query}`, { by: world.admin })

describe('administrators', () => {
  test('see all of everybody, by filter or not, by either path', async () => {
    for (const path of ['/identities', '/identities/full']) {
      const found = await world.ask('GET', `${path}?filter[email]=${user.email}`, { by: world.admin })
      expect(found.body).toEqual({
        data: [full(user, { passport: 'AB 123456' })],
        links: {
          self: `${path}?filter[email]=${encodeURIComponent(user.email)}&page[number]=1&page[limit]=15`,
          first: `${path}?filter[email]=${encodeURIComponent(user.email)}&page[number]=1&page[limit]=15`,
        },
      })
      const all = await world.ask('GET', path, { by: world.admin })
      expect((all.body as { data: unknown[] }).data).toContainEqual(full(user, { passport: 'AB 123456' }))
    }
  })

  test('see who has not verified an address too', async () => {
    const owner = await signUp(world, newOwner())
    expect(await look(world, { email: owner.email })).toEqual([])
    expect(await look(world, { email: owner.email }, world.admin)).toEqual([full(owner)])
  })

  test('follow the links through all of them, newest first, each once, whoever comes and goes meanwhile', async () => {
    const made: string[] = []
    for (let one = 0; one < 5; one++) made.unshift(await makeNobodys(world, { email: newEmail() }))
    const seen: string[] = []
    let next: string | undefined = '/identities?page[limit]=2'
    while (next !== undefined && seen.length < 100) {
      const page = await world.ask('GET', next, { by: world.admin })
      const { data, links } = page.body as { data: ShownIdentity[]; links: { self: string; next?: string } }
      expect(data.length).toBeLessThanOrEqual(2)
      seen.push(...data.map(({ attributes }) => attributes.address))
      expect(links.self.startsWith('/identities?')).toBe(true)
      next = links.next
      await makeNobodys(world, { phone_number: newPhone() })
    }
    expect(seen.filter((address) => made.includes(address))).toEqual(made)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toContain(user.account)
  })

  test('find pages by their numbers as well, up to where that becomes slow', async () => {
    const dataOf = async (query: string) => ((await pageOf(query)).body as { data: unknown[] }).data
    const [first, second] = [await dataOf('page[number]=1&page[limit]=1'), await dataOf('page[number]=2&page[limit]=1')]
    expect([...first, ...second]).toEqual(await dataOf('page[limit]=2'))
    expect((await pageOf('page[number]=101&page[limit]=100')).status).toBe(200)
    expect((await pageOf('page[number]=102&page[limit]=100')).body).toMatchObject({
      errors: [{ meta: { field: 'page[number]' } }],
    })
  })

  test('ask for many accounts at once, and learn which are nobody’s', async () => {
    const other = await newUser(world)
    const stranger = newOwner()
    const body = {
      data: [other, stranger, user, other].map(({ account: id }) => ({ id, type: 'account', attributes: {} })),
    }
    const found = await world.ask('POST', '/identities/mass-emails', { by: world.admin, body })
    expect([found.status, found.body]).toEqual([
      200,
      {
        data: [full(other), full(user, { passport: 'AB 123456' })],
        links: expect.objectContaining({ self: '/identities/mass-emails?page[number]=1&page[limit]=100' }) as unknown,
        meta: { unknown: [stranger.account] },
      },
    ])
    const none = { data: [{ id: stranger.account, type: 'accounts' }] }
    expect(await world.ask('POST', '/identities/mass-emails', { by: world.admin, body: none })).toMatchObject({
      status: 404,
    })
  })
})
