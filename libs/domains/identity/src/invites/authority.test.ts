import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callers, type People, people } from '../../test/callers.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newEmail } from '../../test/wallet-owner.ts'
import { keepSale } from '../ledger/sales.ts'

let world: IdentityWorld
let all: People
beforeAll(async () => {
  world = await identityWorld()
  all = await people(world, keepSale)
})
afterAll(() => world[Symbol.asyncDispose]())

const toSale = (email: string, sale = all.sale) => ({
  type: 'whitelist-invite',
  attributes: { email },
  relationships: { sales: { data: { type: 'sale', id: sale } } },
})
const general = (email: string) => ({ type: 'general-invite', attributes: { email } })

/** Made by an administrator; answers its id. */
async function made(data: object): Promise<string> {
  await world.ask('POST', '/invites', { by: world.admin, body: { data } })
  const { body } = await world.ask('GET', '/invites?page[limit]=1', { by: world.admin })
  return (body as { data: { id: string }[] }).data[0]?.id ?? ''
}

type Row = readonly [number, number, number, number, number, number]
const given: readonly (readonly [string, Row, () => Promise<readonly [string, string, unknown?]>])[] = [
  ['invite to a sale', [401, 401, 401, 401, 204, 204], async () => ['POST', '/invites', { data: toSale(newEmail()) }]],
  [
    'invite many to a sale',
    [401, 401, 401, 401, 204, 204],
    async () => ['POST', '/invites_multi', { data: [toSale(newEmail())] }],
  ],
  ['invite at large', [401, 401, 401, 401, 401, 204], async () => ['POST', '/invites', { data: general(newEmail()) }]],
  [
    'invite to a sale and at large',
    [401, 401, 401, 401, 401, 204],
    async () => ['POST', '/invites_multi', { data: [toSale(newEmail()), general(newEmail())] }],
  ],
  [
    'invite to another’s sale',
    [401, 401, 401, 401, 401, 204],
    async () => ['POST', '/invites', { data: toSale(newEmail(), '12') }],
  ],
  ['list those of a sale', [401, 401, 401, 401, 200, 200], async () => ['GET', `/invites?filter[sale-id]=${all.sale}`]],
  ['list those of another sale', [401, 401, 401, 401, 401, 200], async () => ['GET', '/invites?filter[sale-id]=12']],
  ['list all', [401, 401, 401, 401, 401, 200], async () => ['GET', '/invites']],
  ['list all, with an empty filter', [401, 401, 401, 401, 401, 200], async () => ['GET', '/invites?filter[sale-id]=']],
  [
    'take one to a sale back',
    [401, 401, 401, 401, 204, 204],
    async () => ['DELETE', '/invites', { data: [{ type: 'whitelist-invite', id: await made(toSale(newEmail())) }] }],
  ],
  [
    'take one at large back',
    [401, 401, 401, 401, 401, 204],
    async () => ['DELETE', '/invites', { data: [{ type: 'general-invite', id: await made(general(newEmail())) }] }],
  ],
  [
    'take back what is none',
    [401, 401, 401, 401, 401, 204],
    async () => ['DELETE', '/invites', { data: [{ id: 999_999 }] }],
  ],
]

test.each(given)('who may %s', async (_, expected, request) => {
  for (const [index, caller] of callers.entries()) {
    const [method, target, body] = await request()
    const { status } = await world.ask(method, target, { by: all.keys[caller], body })
    expect([caller, status]).toEqual([caller, expected[index]])
  }
})

test('a table makes nobody the owner of a sale', async () => {
  const { account, key } = all.user
  await world.sql.run(sql`
    insert into identity.ledger_sales (id, owner, stamp)
    select '77', ${account}, stamp from identity.ledger_sales where id = ${all.sale}`)
  expect(await world.ask('POST', '/invites', { by: key, body: { data: toSale(newEmail(), '77') } })).toMatchObject({
    status: 401,
  })
})
