import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newEmail, refused, startIdentityStorage, told, type World } from './client.ts'
import { bodyOf, newOwner, newWallet, newWalletId, type Owner, walletIn } from './owners.ts'
import { moveClock } from './pass-time.ts'

let world: World
let ann: Owner
let salt: string
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
  ann = newOwner()
  const body = bodyOf(ann)
  salt = body.data.attributes.salt
  await world.ask({ method: 'POST', path: '/wallets', body })
})
afterAll(() => world[Symbol.asyncDispose]())

const parameters = { algorithm: 'scrypt', bits: 256, n: 4096, r: 8, p: 1 }
const kdf = (more: object = {}): [number, string] => [
  200,
  JSON.stringify({ data: { id: 2, type: 'kdf', attributes: { ...parameters, ...more } } }),
]

describe.each(['/kdf', '/wallets/kdf'])('%s', (path) => {
  const ask = async (query: string) => told(await world.ask({ path: `${path}${query}` }))

  test.each(['', '?email=', '?is_recovery=true', '?is_recovery=', '?email=&is_recovery=false'])(
    'without an address (%s) tells how new wallets are made, and no salt',
    async (query) => expect(await ask(query)).toEqual(kdf()),
  )

  test.each(['', '&is_recovery=false', '&is_recovery=true', '&is_recovery='])(
    'of an address in any case (%s) tells its salt',
    async (more) => {
      for (const email of [ann.email, ann.email.toUpperCase()])
        expect(await ask(`?email=${encodeURIComponent(email)}${more}`)).toEqual(kdf({ salt }))
    },
  )

  test('of an address that nobody has is 404, for a recovery too', async () => {
    for (const more of ['', '&is_recovery=true']) expect(await ask(`?email=${newEmail()}${more}`)).toEqual(refused(404))
  })

  test('of an address with several + is the same, whether a client encodes all of them, the first alone or none', async () => {
    const { email } = await newWallet(world, { email: newEmail().replace('@', '+a+b@') })
    for (const text of [encodeURIComponent(email), email.replace('+', '%2B'), email])
      expect((await ask(`?email=${text}`))[0]).toBe(200)
  })

  test('does not take one address for another: neither letters beyond A to Z nor a + are folded', async () => {
    const owner = await newWallet(world, { email: newEmail().replace('@', '+k@') })
    expect((await ask(`?email=${encodeURIComponent(owner.email)}`))[0]).toBe(200)
    for (const other of ['+\u212a@', '@'])
      expect(await ask(`?email=${encodeURIComponent(owner.email.replace('+k@', other))}`)).toEqual(refused(404))
  })
})

const open = (walletId: string, query = '') => world.ask({ path: `/wallets/${walletId}${query}` })

describe('a wallet', () => {
  test('that nobody made is 404', async () => {
    expect(told(await open(newWalletId()))).toEqual(refused(404))
  })

  test('comes as it was made, with another session each time', async () => {
    const owner = newOwner()
    const body = bodyOf(owner)
    const made = walletIn((await world.ask({ method: 'POST', path: '/wallets', body })).body)
    const opened = [made]
    for (const query of ['', '?public_ip=true', '?public_ip=false&location_lat=1.5&location_long=-2'])
      opened.push(walletIn((await open(owner.walletId, query)).body))
    const sessions = opened.map(({ included }) => included[0])
    expect(new Set(sessions.map((session) => session?.id)).size).toBe(4)
    expect(new Set(sessions.map((session) => session?.attributes.encryption_key)).size).toBe(4)
    for (const { data } of opened) expect(data.attributes).toEqual(made.data.attributes)
    expect(made.data.attributes.keychain_data).toBe(body.data.attributes.keychain_data)
  })
})

const begin = async (owner: Owner) => {
  const session = walletIn((await open(owner.walletId)).body).included[0]
  if (!session) throw new Error('no session was begun')
  return session
}
const read = (id: string) => world.ask({ path: `/sessions/${id}` })
const endOf = (body: unknown) =>
  Date.parse((body as { data: { attributes: { expires_at: string } } }).data.attributes.expires_at)

describe('a session', () => {
  test('is read by its id, with the key that it began with', async () => {
    const { id, attributes } = await begin(ann)
    const { status, body } = await read(id)
    const expires_at = expect.any(String) as string
    const encryption_key = attributes.encryption_key
    expect([status, body]).toEqual([
      200,
      { data: { id, type: 'sessions', attributes: { expires_at, encryption_key } } },
    ])
  })

  test('lasts ten minutes from when it was last read', async () => {
    const { id, attributes } = await begin(ann)
    const began = Date.parse(attributes.expires_at)
    await moveClock(world.app, '9 minutes')
    const extended = await read(id)
    expect([extended.status, Math.round((endOf(extended.body) - began) / 60_000)]).toEqual([200, 9])
    await moveClock(world.app, '9 minutes')
    expect((await read(id)).status).toBe(200)
    await moveClock(world.app, '10 minutes 1 second')
    expect(told(await read(id))).toEqual(refused(404))
    // What is over does not begin again.
    expect(told(await read(id))).toEqual(refused(404))
  })

  test('lasts as long as the operator says', async () => {
    const { baseUrl } = await world.app.spawn({ SESSION_MINUTES: '60' })
    const { included } = walletIn(await (await fetch(`${baseUrl}/wallets/${ann.walletId}`)).json())
    const id = included[0]?.id ?? ''
    await moveClock(world.app, '59 minutes')
    expect((await read(id)).status).toBe(200)
  })

  test('that nobody began is 404', async () => {
    const { id } = await begin(ann)
    expect(told(await read(`${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`))).toEqual(refused(404))
  })

  test('is gone with its wallet', async () => {
    const owner = await newWallet(world)
    const { id } = await begin(owner)
    await world.ask({ method: 'DELETE', path: `/wallets/${owner.walletId}`, by: world.admin })
    expect(told(await read(id))).toEqual(refused(404))
  })

  test('tells the database neither its id nor its key', async () => {
    const { id, attributes } = await begin(ann)
    const rows = JSON.stringify(await world.app.sql('select s::text as row from identity.sessions as s'))
    for (const secret of [id, attributes.encryption_key]) {
      expect(rows).not.toContain(secret)
      expect(rows).not.toContain(Buffer.from(secret).toString('hex'))
    }
  })
})
