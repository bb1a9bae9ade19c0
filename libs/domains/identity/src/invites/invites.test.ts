import { shiftClock, sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type People, people } from '../../test/callers.ts'
import { makeNobodys } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld, statuses } from '../../test/identity-world.ts'
import type { SigningKey } from '../../test/signing-key.ts'
import {
  inviteTo,
  newEmail,
  newOwner,
  newUser,
  payloadIn,
  signUp,
  verify,
  type WalletOwner,
} from '../../test/wallet-owner.ts'
import { keepSale } from '../ledger/sales.ts'
import { usualPolicies } from '../policies.ts'

let world: IdentityWorld
let all: People
beforeAll(async () => {
  world = await identityWorld()
  all = await people(world, keepSale)
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const toSale = (email: string, sale = all.sale) => ({
  type: 'whitelist-invite',
  attributes: { email },
  relationships: { sales: { data: { type: 'sale', id: sale } } },
})
const general = (email: string) => ({ type: 'general-invite', attributes: { email } })

const invite = (data: unknown, by: SigningKey | undefined = all.keys['sale owner']) =>
  world.ask('POST', Array.isArray(data) ? '/invites_multi' : '/invites', { by, body: { data } })

interface ShownInvite {
  readonly id: string
  readonly type: string
  readonly attributes: { readonly email: string }
  readonly relationships: { readonly accounts?: { readonly data: { readonly id: string } } }
}

const listed = async (
  query: string,
  by: SigningKey | undefined = all.keys['sale owner'],
): Promise<readonly ShownInvite[]> => {
  const { status, text, body } = await world.ask('GET', `/invites${query}`, { by })
  expect([status, text]).toEqual([200, expect.any(String)])
  return (body as { data: ShownInvite[] }).data
}

const ofSale = () => listed(`?filter[sale-id]=${all.sale}&page[limit]=100`)
const idOf = async (email: string): Promise<string> =>
  (await ofSale()).find(({ attributes }) => attributes.email === email)?.id ?? ''

const mailsTo = (email: string) => world.sentTo(email).filter(({ text }) => payloadIn(text)?.type === 'invite-verify')

describe('an invite', () => {
  test('is mailed at once to who has an account, with a link that their address is in', async () => {
    const user = await newUser(world)
    expect((await invite(toSale(user.email))).status).toBe(204)
    await inviteTo(world, user.email)
    const [mail] = mailsTo(user.email)
    expect(payloadIn(mail?.text ?? '')).toEqual({
      type: 'invite-verify',
      meta: { email: user.email, token: expect.any(String) as unknown },
    })
    expect((await ofSale()).find(({ attributes }) => attributes.email === user.email)).toEqual({
      id: expect.stringMatching(/^\d+$/) as unknown,
      type: 'whitelist-invite',
      attributes: { email: user.email },
      relationships: {
        sales: { data: { id: all.sale, type: 'sales' } },
        accounts: { data: { id: user.account, type: 'accounts' } },
      },
    })
  })

  test('waits for who has none until they sign up', async () => {
    const email = newEmail()
    await invite(toSale(email))
    await invite(general(email), world.admin)
    const marker = await newUser(world)
    await invite(toSale(marker.email))
    await inviteTo(world, marker.email)
    expect(mailsTo(email)).toEqual([])
    expect(
      (await ofSale()).find(({ attributes }) => attributes.email === email)?.relationships.accounts,
    ).toBeUndefined()
    const owner = await signUp(world, newOwner({ email }))
    await expect.poll(() => mailsTo(email)).toHaveLength(2)
    expect(
      (await ofSale()).find(({ attributes }) => attributes.email === email)?.relationships.accounts,
    ).toBeUndefined()
    await verify(world, owner)
    expect((await ofSale()).find(({ attributes }) => attributes.email === email)?.relationships.accounts?.data.id).toBe(
      owner.account,
    )
    expect(mailsTo(email)).toHaveLength(2)
  })

  test('to an address for which an account waits signs up at once whoever reads the mail', async () => {
    const email = newEmail()
    await invite(toSale(email))
    const account = await makeNobodys(world, { email })
    const token = await inviteTo(world, email)
    const owner = await signUp(world, newOwner({ email }), { verification_code: token })
    expect(owner.account).toBe(account)
    expect((await world.ledger.signersOf(account))?.map(({ key }) => key)).toEqual([owner.key.id])
  })

  test('to somebody who signs up at the same moment is mailed all the same, once', async () => {
    const owners = Array.from({ length: 6 }, () => newOwner())
    await Promise.all(owners.flatMap((owner) => [signUp(world, owner), invite(toSale(owner.email))]))
    for (const { email } of owners) await expect.poll(() => mailsTo(email)).toHaveLength(1)
  })

  test('as the documents show it is the same', async () => {
    const email = newEmail()
    const bare = { ...toSale(email), relationships: { sales: { id: all.sale, type: 'sales' } } }
    expect((await invite(bare)).status).toBe(204)
    expect(await idOf(email)).toMatch(/^\d+$/)
  })

  test('is made once, alone and among others, and then none of them is', async () => {
    const [email, another] = [newEmail(), newEmail()]
    expect((await invite(toSale(email))).status).toBe(204)
    expect(await invite(toSale(email.toUpperCase().replace('@EXAMPLE.COM', '@example.com')))).toMatchObject({
      status: 409,
    })
    expect(await invite([toSale(another), toSale(email)])).toMatchObject({ status: 409 })
    expect(await invite([toSale(another), toSale(another)])).toMatchObject({ status: 409 })
    expect(await idOf(another)).toBe('')
    const twice = await Promise.all([1, 2].map(() => invite([toSale(another)])))
    expect(statuses(twice)).toEqual([204, 409])
  })

  test('that two make in another order at once makes nobody wait for the other', async () => {
    const emails = Array.from({ length: 20 }, newEmail)
    const made = await Promise.all(
      [emails, emails.toReversed(), emails].map((some) => invite(some.map((email) => toSale(email)))),
    )
    expect(statuses(made)).toEqual([204, 409, 409])
  })

  test('that was taken back is gone, is not mailed, and may be made anew', async () => {
    const email = newEmail()
    await invite(toSale(email))
    const id = await idOf(email)
    const data = [{ type: 'whitelist-invite', id }]
    const other = { data: [{ type: 'general-invite', id }] }
    const by = all.keys['sale owner']
    expect((await world.ask('DELETE', '/invites', { by: world.admin, body: other })).status).toBe(204)
    expect(await idOf(email)).toBe(id)
    for (const _ of ['once', 'again'])
      expect((await world.ask('DELETE', '/invites', { by, body: { data } })).status).toBe(204)
    expect(await idOf(email)).toBe('')
    await newUser(world, { email })
    expect(mailsTo(email)).toEqual([])
    expect((await invite(toSale(email))).status).toBe(204)
    await expect.poll(() => mailsTo(email)).toHaveLength(1)
  })

  test('without a sale is none to a sale', async () => {
    const { status, body } = await invite({ type: 'whitelist-invite', attributes: { email: newEmail() } })
    expect([status, body]).toMatchObject([400, { errors: [{ meta: { field: '/data/relationships/sales' } }] }])
  })

  test('that was moved to another sale is not read by its owner', async () => {
    const email = newEmail()
    await invite(toSale(email))
    const id = await idOf(email)
    const thief = await people(world, keepSale)
    await world.sql.run(sql`update identity.invites set sale = ${thief.sale} where id = ${Number(id)}`)
    const read = await world.ask('GET', `/invites?filter[sale-id]=${thief.sale}`, { by: thief.keys['sale owner'] })
    expect([read.status, read.text.includes(email)]).toEqual([500, false])
    await world.sql.run(sql`delete from identity.invites where id = ${Number(id)}`)
  })
})

describe('how many', () => {
  test('mails one mailbox gets in a day: the rest waits for the next', async () => {
    const emails = [1, 2, 3].map((tag) => newEmail().replace(/^.*@/, `one+${String(tag)}-${all.sale.slice(-6)}@`))
    await world.sql.run(sql`delete from notify.recipients`)
    const users: WalletOwner[] = []
    for (const email of emails) users.push(await newUser(world, { email }))
    // The verification mails counted too: 3 of 20.
    const more = Array.from({ length: 18 }, (_, at) => toSale(users[0]?.email ?? '', `${String(at)}00`))
    for (const one of more) expect((await invite(one, world.admin)).status).toBe(204)
    await expect.poll(() => mailsTo(emails[0] ?? '')).toHaveLength(17)
    await shiftClock(world.sql, '25 hours')
    await world.sweep('identity.invite')
    await expect.poll(() => mailsTo(emails[0] ?? '')).toHaveLength(18)
  })

  test('invites the owner of a sale makes in a day, whatever they take back', async () => {
    world.serveWith({ policies: { ...usualPolicies, invitesPerDay: 3 } })
    const seller = await people(world, keepSale)
    const by = seller.keys['sale owner'] as SigningKey
    const make = (count: number) =>
      invite(
        Array.from({ length: count }, () => toSale(newEmail(), seller.sale)),
        by,
      )
    expect((await make(2)).status).toBe(204)
    const data = (await listed(`?filter[sale-id]=${seller.sale}`, by)).map(({ id, type }) => ({ id, type }))
    expect((await world.ask('DELETE', '/invites', { by, body: { data } })).status).toBe(204)
    expect([(await make(2)).status, (await make(1)).status, (await make(1)).status]).toEqual([429, 204, 429])
    expect((await invite(toSale(newEmail(), seller.sale), world.admin)).status).toBe(204)
  })

  test('pages there are, newest first', async () => {
    const seller = await people(world, keepSale)
    const by = seller.keys['sale owner'] as SigningKey
    const emails = Array.from({ length: 5 }, newEmail)
    for (const email of emails) await invite(toSale(email, seller.sale), by)
    const seen: string[] = []
    let next: string | undefined = `/invites?filter[sale-id]=${seller.sale}&page[limit]=2`
    while (next !== undefined) {
      const { data, links } = (await world.ask('GET', next, { by })).body as {
        data: ShownInvite[]
        links: { next?: string }
      }
      seen.push(...data.map(({ attributes }) => attributes.email))
      next = links.next
    }
    expect(seen).toEqual(emails.toReversed())
  })
})
