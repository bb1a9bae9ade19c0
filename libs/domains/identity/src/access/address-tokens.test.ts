import { shiftClock, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { makeNobodys, signersOf, tokenFor } from '../../test/identity-look-ups.ts'
import { type Answered, type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newEmail, newOwner, newUser, signUp, verify, walletBody, type WalletOwner } from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const signUpWith = (verification_code: string, owner: WalletOwner): Promise<Answered> =>
  world.ask('POST', '/wallets', { body: walletBody(owner, { verification_code }) })
const deleteWallet = async ({ walletId }: WalletOwner) =>
  expect((await world.ask('DELETE', `/wallets/${walletId}`, { by: world.admin })).status).toBe(204)

const invalid = {
  status: 400,
  body: { errors: [{ meta: { field: '/data/attributes/verification_code', error: 'invalid token' } }] },
}
const verified = { status: 201, body: { data: { attributes: { verified: true } } } }

test('a token that proves an address proves it once: the next wallet with that address needs another', async () => {
  const email = newEmail()
  const [first, second] = [await tokenFor(world, email), await tokenFor(world, email)]
  const owner = newOwner({ email })
  expect(await signUpWith(first, owner)).toMatchObject(verified)
  await deleteWallet(owner)
  for (const token of [first, second]) expect(await signUpWith(token, newOwner({ email }))).toMatchObject(invalid)
  expect(await signUpWith(await tokenFor(world, email), newOwner({ email }))).toMatchObject(verified)
})

test('nor does one that was given before the address was proved by its link; a stranger who typed it proved nothing', async () => {
  const [email, next] = [newEmail(), newEmail()]
  const [token, other] = [await tokenFor(world, email), await tokenFor(world, next)]
  const owner = await newUser(world, { email })
  await deleteWallet(owner)
  expect(await signUpWith(token, newOwner({ email }))).toMatchObject(invalid)
  const stranger = await signUp(world, newOwner({ email: next }))
  await deleteWallet(stranger)
  expect(await signUpWith(other, newOwner({ email: next }))).toMatchObject(verified)
})

test('a sign-up that is refused leaves the token good', async () => {
  const [email, user] = [newEmail(), await newUser(world)]
  const token = await tokenFor(world, email)
  expect(await signUpWith(token, newOwner({ email, account: user.account }))).toMatchObject({ status: 409 })
  expect(await signUpWith(token, newOwner({ email }))).toMatchObject(verified)
})

test('it is good for thirty days, whatever its bearer makes of it', async () => {
  const [soon, late] = [newEmail(), newEmail()]
  const account = await makeNobodys(world, { email: late })
  const [token, old] = [await tokenFor(world, soon), await tokenFor(world, late)]
  await shiftClock(world.sql, '29 days')
  expect(await signUpWith(token, newOwner({ email: soon }))).toMatchObject(verified)
  await shiftClock(world.sql, '31 days')
  const fresh = await tokenFor(world, newEmail())
  const dated = fresh.slice(0, fresh.length - 64) + old.slice(-64)
  for (const one of [old, dated, old.slice(-64), fresh, `${old}0`, '0', old.toUpperCase(), 'é'.repeat(76)])
    expect(await signUpWith(one, newOwner({ email: late }))).toMatchObject(invalid)
  const next = await signUp(world, newOwner({ email: late }))
  expect((await verify(world, next)).status).toBe(204)
  expect(await signersOf(world, account)).toEqual([next.key.id])
})

test('what is remembered of its use goes with the last token that it voids', async () => {
  const email = newEmail()
  const owner = newOwner({ email })
  expect(await signUpWith(await tokenFor(world, email), owner)).toMatchObject(verified)
  await deleteWallet(owner)
  await shiftClock(world.sql, '95 days')
  await world.sweep('identity.forget')
  const { count } = await world.sql.one(
    z.object({ count: z.int() }),
    sql`select count(*)::int as count from identity.proven_addresses`,
  )
  expect(count).toBe(0)
})
