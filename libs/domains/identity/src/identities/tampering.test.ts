import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ShownIdentity } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newOwner, newUser, signUp, type WalletOwner } from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('whoever writes the table', () => {
  const changes = [
    [
      'leads an address to another account',
      (of: WalletOwner, other: WalletOwner) => sql`
      update identity.identities set address = ${`${other.account.slice(0, -4)}AAAA`} where address = ${of.account}`,
    ],
    [
      'gives one person the address of another',
      (of: WalletOwner, other: WalletOwner) => sql`
      with theirs as (update identity.identities set email = null where address = ${other.account} returning 1)
      update identity.identities set email = (select email from identity.identities where address = ${other.account})
       where address = ${of.account} and (select count(*) from theirs) >= 0`,
    ],
    [
      'makes a registered account nobody’s',
      (of: WalletOwner) => sql`
      update identity.identities set status = 'unregistered', wallet_id = null where address = ${of.account}`,
    ],
    [
      'puts the contents of another there',
      (of: WalletOwner, other: WalletOwner) => sql`
      update identity.identities set contents = (select contents from identity.identities where address = ${other.account})
       where address = ${of.account}`,
    ],
  ] as const

  test.each(changes)('and %s makes nobody believe it', async (_, change) => {
    const [of, other] = [await newUser(world), await newUser(world)]
    await world.sql.run(change(of, other))
    const asked = await Promise.all(
      [of.email, other.email].map((email) => world.ask('GET', `/identities?filter[email]=${email}`)),
    )
    expect(asked.some(({ status }) => status === 500)).toBe(true)
    const led = asked.flatMap(({ status, body }) => (status === 200 ? (body as { data: ShownIdentity[] }).data : []))
    const accounts = [of.account, other.account]
    expect(led.filter(({ attributes }) => !accounts.includes(attributes.address))).toEqual([])
    await world.sql.run(
      sql`delete from identity.identities where address in (${of.account}, ${other.account}) or address like '%AAAA'`,
    )
  })

  test('and shows an address that nobody verified makes nobody believe it', async () => {
    const owner = await signUp(world, newOwner())
    await world.sql.run(sql`update identity.identities set findable = true where address = ${owner.account}`)
    expect((await world.ask('GET', `/identities?filter[email]=${owner.email}`)).status).toBe(500)
    await world.sql.run(sql`delete from identity.identities where address = ${owner.account}`)
  })
})

test('a dump shows neither addresses nor numbers nor passports', async () => {
  const { email, account, key } = await newUser(world)
  const body = { data: { attributes: { passport: 'AB 123456' } } }
  expect((await world.ask('PUT', `/identities/${account}/settings/passport`, { by: key, body })).status).toBe(204)
  const dump = JSON.stringify(await world.sql.many(z.unknown(), sql`select to_jsonb(i) from identity.identities i`))
  expect(dump).toContain(account)
  expect(dump).not.toContain(Buffer.from(email).toString('hex'))
  expect(dump).not.toContain(Buffer.from('AB 123456').toString('hex'))
  expect(dump).not.toMatch(/example\.com|AB 123456/)
})
