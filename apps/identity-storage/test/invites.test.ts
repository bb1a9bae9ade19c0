import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPeople, newUser, type People } from './callers.ts'
import { newEmail, refused, startIdentityStorage, told, type World } from './client.ts'
import { messagesTo } from './mails.ts'
import { bodyOf, newOwner, newWallet, type Owner, walletIn } from './owners.ts'
import { asking, atLarge, linksIn, listIn, toSale } from './resources.ts'
import { newNobody } from './scene.ts'

let world: World
let all: People
let seller: Owner['signer']
beforeAll(async () => {
  world = await startIdentityStorage()
  all = await newPeople(world)
  seller = all.keys['sale owner'] ?? world.admin
})
afterAll(() => world[Symbol.asyncDispose]())

const invite = (data: unknown, by = seller) =>
  world.ask(asking(['POST', Array.isArray(data) ? '/invites_multi' : '/invites'], { data }, by))
const ofSale = async (email?: string) => {
  const answer = await world.ask(
    asking(['GET', `/invites?filter[sale-id]=${all.sale}&page[limit]=100`], undefined, seller),
  )
  return listIn(answer).filter(({ attributes }) => email === undefined || attributes['email'] === email)
}

interface Payload {
  readonly type: string
  readonly meta: { readonly email: string; readonly token: string }
}

/** What the links of invites that were mailed to an address say. */
async function invitesTo(email: string, messages: number): Promise<Payload[]> {
  const mails = await messagesTo(world.app, email, messages)
  const payloads = mails.flatMap(({ text }) => {
    const payload = /\/r\/([\w-]+)/.exec(text)?.[1]
    return payload === undefined ? [] : [JSON.parse(Buffer.from(payload, 'base64url').toString()) as Payload]
  })
  return payloads.filter(({ type }) => type === 'invite-verify')
}

test('POST /invites is mailed at once to who has an account, and says so', async () => {
  const user = await newUser(world)
  expect(told(await invite(toSale(user.email, all.sale)))).toEqual([204, ''])
  const meta = { email: user.email, token: expect.stringMatching(/./) as unknown }
  expect(await invitesTo(user.email, 2)).toEqual([{ type: 'invite-verify', meta }])
  expect(await ofSale(user.email)).toEqual([
    {
      id: expect.stringMatching(/^\d+$/) as unknown,
      type: 'whitelist-invite',
      attributes: { email: user.email },
      relationships: {
        sales: { data: { id: all.sale, type: 'sales' } },
        accounts: { data: { id: user.accountId, type: 'accounts' } },
      },
    },
  ])
})

test('POST /invites waits for who has no account until they sign up', async () => {
  const email = newEmail()
  await invite(toSale(email, all.sale))
  await invite(atLarge(email), world.admin)
  expect(await world.app.messagesTo(email)).toEqual([])
  expect((await ofSale(email))[0]).not.toHaveProperty('relationships.accounts')
  await newWallet(world, { email })
  await expect.poll(async () => (await invitesTo(email, 1)).length).toBe(2)
})

test('the link of an invite signs up at once whoever reads the mail, where an account waits for the address', async () => {
  const email = newEmail()
  await newNobody(world, { email })
  await invite(toSale(email, all.sale))
  const [payload] = await invitesTo(email, 1)
  const attributes = { verification_code: payload?.meta.token }
  const made = await world.ask(asking(['POST', '/wallets'], bodyOf(newOwner({ email }), { attributes })))
  expect([made.status, walletIn(made.body).data.attributes.verified]).toEqual([201, true])
})

test('POST /invites takes the sale as the documents show it and as clients send it, a number for its id or a text', async () => {
  for (const sales of [
    { id: all.sale, type: 'sales' },
    { data: { id: all.sale, type: 'sale' } },
    { data: { id: all.sale } },
  ])
    expect((await invite({ ...toSale(newEmail(), all.sale), relationships: { sales } })).status).toBe(204)
  const numbered = { ...toSale(newEmail(), ''), relationships: { sales: { data: { id: 12, type: 'sale' } } } }
  expect((await invite(numbered, world.admin)).status).toBe(204)
})

test('POST /invites_multi invites all, or nobody where one is invited already', async () => {
  const [one, two, three] = [newEmail(), newEmail(), newEmail()]
  expect(told(await invite([one, two].map((email) => toSale(email, all.sale))))).toEqual([204, ''])
  expect(told(await invite([three, one].map((email) => toSale(email, all.sale))))).toEqual(refused(409))
  expect(told(await invite(toSale(two, all.sale)))).toEqual(refused(409))
  expect([(await ofSale(one)).length, (await ofSale(three)).length]).toEqual([1, 0])
  // One to another’s sale among them, and none is made.
  expect(told(await invite([toSale(three, all.sale), toSale(three, '12')]))).toEqual(refused(401))
  expect(await ofSale(three)).toEqual([])
})

test('GET /invites has pages, newest first, whose links keep the filter', async () => {
  const emails = [newEmail(), newEmail(), newEmail()]
  for (const email of emails) await invite(toSale(email, all.sale))
  const first = `/invites?filter[sale-id]=${all.sale}&page[number]=1&page[limit]=2`
  const page = await world.ask(asking(['GET', first], undefined, seller))
  expect(listIn(page).map(({ attributes }) => attributes['email'])).toEqual([emails[2], emails[1]])
  const second = first.replace('number]=1', 'number]=2')
  expect(linksIn(page)).toEqual({ self: first, first, next: second })
  const next = await world.ask(asking(['GET', second], undefined, seller))
  expect([listIn(next)[0]?.attributes['email'], linksIn(next)['prev']]).toEqual([emails[0], first])
})

test('DELETE /invites takes back those of its body, all or none, and passes over those that are gone', async () => {
  const [mine, other, large] = [newEmail(), newEmail(), newEmail()]
  await invite([mine, other].map((email) => toSale(email, all.sale)))
  await invite(atLarge(large), world.admin)
  const [newest] = listIn(await world.ask(asking(['GET', '/invites?page[limit]=1'], undefined, world.admin)))
  const idOf = async (email: string) => ({ type: 'whitelist-invite', id: (await ofSale(email))[0]?.id })
  const [ours, theirs] = [await idOf(mine), { type: 'general-invite', id: newest?.id }]
  const remove = (data: unknown, by = seller) => world.ask(asking(['DELETE', '/invites'], { data }, by))
  expect(told(await remove([ours, theirs]))).toEqual(refused(401))
  expect(await ofSale(mine)).toHaveLength(1)
  expect(told(await remove([{ ...ours, id: Number(ours.id) }]))).toEqual([204, ''])
  expect([(await ofSale(mine)).length, (await ofSale(other)).length]).toEqual([0, 1])
  expect(told(await remove([ours, await idOf(other)]))).toEqual([204, ''])
  expect(await ofSale(other)).toEqual([])
  // Of another type than it was made it is none.
  expect(told(await remove([{ ...theirs, type: 'whitelist-invite' }], world.admin))).toEqual([204, ''])
  const left = listIn(await world.ask(asking(['GET', '/invites?page[limit]=100'], undefined, world.admin)))
  expect(left.map(({ attributes }) => attributes['email'])).toContain(large)
})

test('who was taken back before they signed up is not invited', async () => {
  const email = newEmail()
  await invite(toSale(email, all.sale))
  const [made] = await ofSale(email)
  await world.ask(asking(['DELETE', '/invites'], { data: [{ type: 'whitelist-invite', id: made?.id }] }, seller))
  const marker = newEmail()
  await invite(toSale(marker, all.sale))
  for (const address of [email, marker]) await newWallet(world, { email: address })
  await expect.poll(async () => (await invitesTo(marker, 1)).length).toBe(1)
  expect(await invitesTo(email, 1)).toEqual([])
})
