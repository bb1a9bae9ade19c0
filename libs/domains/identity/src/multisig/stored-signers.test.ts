import { randomBytes } from 'node:crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { keepSale } from '../ledger/sales.ts'
import { type Caller, callers, people } from '../../test/callers.ts'
import { newHolder, newShared, signedBy, store, storing, submitProven, submitting } from '../../test/cosigning.ts'
import { type IdentityWorld, identityWorld, statuses } from '../../test/identity-world.ts'
import { add } from '../../test/ledger-world.ts'
import { signerOf } from '../../test/transaction-signers.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const newKey = () => signerOf(randomBytes(32))
const dataOf = (body: unknown) =>
  (body as { data: { id: string; type: string; attributes: { role_id: number; weight: number; identity: number } } })
    .data
const rowOf = (key: string) =>
  world.sql.one(
    z.object({ row: z.string() }),
    sql`select s::text as row from identity.stored_signers s where key = ${key}`,
  )

test('an owner has a key made that the ledger does not know yet, with an identity that nobody has', async () => {
  const owner = await newHolder(world)
  const { status, body } = await storing(world, owner.account, { by: owner.key, role_id: 1, weight: 1000 })
  const { id, type, attributes } = dataOf(body)
  expect([status, type, id]).toEqual([200, 'signer', expect.stringMatching(/^G[A-Z2-7]{55}$/)])
  expect(attributes).toEqual({ role_id: 1, weight: 1000, identity: expect.any(Number) as number })
  const second = dataOf((await storing(world, owner.account, { by: owner.key })).body)
  expect(new Set([1, attributes.identity, second.attributes.identity]).size).toBe(3)
  expect(new Set([owner.account, id, second.id]).size).toBe(3)
  expect(await world.ledger.signersOf(owner.account)).toHaveLength(1)
})

test('of everybody who may ask, the owner alone has one made', async () => {
  const { user, keys } = await people(world, keepSale)
  const answers = callers.map(async (caller) => [
    caller,
    (await storing(world, user.account, { by: keys[caller] })).status,
  ])
  const expected: Record<Caller, number> = {
    unsigned: 401,
    stranger: 401,
    owner: 200,
    recovering: 401,
    'sale owner': 401,
    admin: 401,
  }
  expect(Object.fromEntries(await Promise.all(answers))).toEqual(expected)
})

test('an account that is not there has none, and is told of like somebody else’s', async () => {
  const [owner, other] = [await newHolder(world), await newHolder(world)]
  const nobodys = await storing(world, newKey().keyId, { by: owner.key })
  const others = await storing(world, other.account, { by: owner.key })
  expect([nobodys.status, nobodys.text]).toEqual([401, others.text])
})

test.each([
  [{ role_id: 3 }, '/data/attributes'],
  [{ role_id: -1 }, '/data/attributes/role_id'],
  [{ role_id: '2' }, '/data/attributes/role_id'],
  [{ role_id: 2 ** 60 }, '/data/attributes/role_id'],
  [{ weight: 1001 }, '/data/attributes/weight'],
  [{ weight: -1 }, '/data/attributes/weight'],
  [{ weight: 1.5 }, '/data/attributes/weight'],
  [{ weight: null }, '/data/attributes/weight'],
])('a key is not made as %j', async (attributes, field) => {
  const owner = await newHolder(world)
  const { status, body } = await storing(world, owner.account, { by: owner.key, ...attributes })
  expect([status, body]).toMatchObject([400, { errors: [{ meta: { field } }] }])
})

test('an account has five, of any number asked for at once', async () => {
  const owner = await newHolder(world)
  const answers = await Promise.all(Array.from({ length: 9 }, () => storing(world, owner.account, { by: owner.key })))
  expect(statuses(answers)).toEqual([200, 200, 200, 200, 200, 409, 409, 409, 409])
})

test('keys that never signed for the account make room after eight days, the oldest first; those that sign never do', async () => {
  const { owner, stored } = await newShared(world)
  const unused = [
    await store(world, owner),
    await store(world, owner),
    await store(world, owner),
    await store(world, owner),
  ]
  const full = async () => (await storing(world, owner.account, { by: owner.key })).status
  expect(await full()).toBe(409)
  const age = (key: string, days: number) =>
    world.sql.run(
      sql`update identity.stored_signers set created_at = created_at - make_interval(days => ${days}) where key = ${key}`,
    )
  await age(stored.keyId, 100)
  await age(unused[2]?.keyId ?? '', 7)
  expect(await full()).toBe(409)
  await age(unused[1]?.keyId ?? '', 9)
  await age(unused[3]?.keyId ?? '', 10)
  expect(await full()).toBe(200)
  const left = await world.sql.many(
    z.object({ key: z.string() }),
    sql`select key from identity.stored_signers where account = ${owner.account}`,
  )
  const keys = left.map(({ key }) => key)
  expect(keys).toHaveLength(5)
  expect(keys).not.toContain(unused[3]?.keyId)
  expect(keys).toEqual(expect.arrayContaining([stored.keyId, unused[0]?.keyId, unused[1]?.keyId, unused[2]?.keyId]))
})

test('its making is in the audit log', async () => {
  const owner = await newHolder(world)
  const { keyId } = await store(world, owner)
  const told = await world.sql.many(
    z.object({ detail: z.object({ key: z.string() }) }),
    sql`select detail from audit.events where event = 'identity.signer-stored' and subject = ${owner.account}`,
  )
  expect(told).toEqual([{ detail: { key: keyId } }])
})

test('its seed is nowhere in the database, nor is any half of it', async () => {
  const owner = await newHolder(world)
  const { keyId } = await store(world, owner)
  const { row } = await rowOf(keyId)
  const [found] = await world.sql.many(
    z.object({ id: z.uuid(), envelope: z.string() }),
    sql`select id, encode(envelope, 'hex') as envelope from identity.stored_signers where key = ${keyId}`,
  )
  const binding = { table: 'identity.stored_signers', row: found?.id ?? '', owner: owner.account, purpose: 'seed' }
  const seed = await world.hsm.openKey(Buffer.from(found?.envelope ?? '', 'hex'), binding)
  expect(signerOf(seed.expose()).keyId).toBe(keyId)
  const hex = Buffer.from(seed.expose()).toString('hex')
  for (const half of [hex.slice(0, 32), hex.slice(32)]) expect(row).not.toContain(half)
})

test.each([
  [
    'its account',
    (key: string, other: string) => sql`update identity.stored_signers set account = ${other} where key = ${key}`,
  ],
  ['its identity', (key: string) => sql`update identity.stored_signers set identity = identity + 1 where key = ${key}`],
  ['its stamp', (key: string) => sql`update identity.stored_signers set stamp = sha256('x') where key = ${key}`],
])('a row whose %s was changed by SQL signs nothing', async (_, forge) => {
  const { owner, stored } = await newShared(world)
  const other = await newHolder(world)
  await world.sql.run(forge(stored.keyId, other.account))
  const tx = await signedBy(owner, { operations: [add(newKey(), { identity: 7 })] })
  expect((await submitting(world, tx)).status).toBe(401)
})

test('a row with another’s seed signs nothing', async () => {
  const { owner, stored } = await newShared(world)
  const thief = await newShared(world)
  await world.sql.run(sql`
    update identity.stored_signers set envelope = (select envelope from identity.stored_signers where key = ${thief.stored.keyId})
     where key = ${stored.keyId}`)
  const tx = await signedBy(owner, { operations: [add(newKey(), { identity: 7 })] })
  expect((await submitProven(world, owner, tx)).status).toBe(500)
  expect(await world.ledger.signersOf(owner.account)).toHaveLength(2)
})

test('a token that is away makes none', async () => {
  const owner = await newHolder(world)
  const away = {
    ...world.deps.hsm,
    issueKey: () => Promise.reject(Object.assign(new Error('away'), { retryAfterSeconds: 1 })),
  }
  world.serveWith({ hsm: away })
  expect((await storing(world, owner.account, { by: owner.key })).status).toBe(503)
})
