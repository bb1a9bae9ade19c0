import { afterAll, beforeAll, expect, test } from 'vitest'
import { byEmail, look, makeNobodys, newIdentity, signersOf, tokenFor } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import {
  answerTo,
  demandIn,
  newEmail,
  newOwner,
  newUser,
  verify,
  walletBody,
  type WalletOwner,
} from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Asks, with the password, to sign in with another address from now on; answers who they are once it is verified. */
async function askToMove(user: WalletOwner, email: string): Promise<WalletOwner> {
  const moved = newOwner({ email, key: user.key, account: user.account })
  const [target, body] = [`/wallets/${user.walletId}`, walletBody(moved)]
  const demand = demandIn(await world.ask('POST', target, { body }))
  expect((await answerTo(world, demand, user.password.sign(demand.token))).status).toBe(204)
  expect((await world.ask('POST', target, { body })).status).toBe(204)
  return moved
}

test('a new address leads to the account once it is verified, and the old one nowhere', async () => {
  const [user, email] = [await newUser(world), newEmail()]
  const moved = await askToMove(user, email)
  expect([await byEmail(world, user.email), await byEmail(world, email)]).toEqual([[[user.account, 'active']], []])
  expect((await world.ask('POST', '/identities', { body: newIdentity({ email }) })).status).toBe(409)
  expect((await verify(world, moved)).status).toBe(204)
  expect([await byEmail(world, user.email), await byEmail(world, email)]).toEqual([[], [[user.account, 'active']]])
  const [own] = await look(world, { address: user.account }, user.key)
  expect(own?.attributes.email).toBe(email)
})

test('an account that was made for the new address comes with it', async () => {
  const [user, email] = [await newUser(world), newEmail()]
  const nobodys = await makeNobodys(world, { email })
  const moved = await askToMove(user, email)
  expect(await byEmail(world, email)).toEqual([[nobodys, 'unregistered']])
  expect(await signersOf(world, nobodys)).not.toContain(user.key.id)
  expect((await verify(world, moved)).status).toBe(204)
  expect(await byEmail(world, email)).toEqual([[user.account, 'active']])
  expect(await signersOf(world, nobodys)).toEqual([user.key.id])
})

test('the address that was left is free for an account of nobody’s', async () => {
  const user = await newUser(world)
  await verify(world, await askToMove(user, newEmail()))
  const account = await makeNobodys(world, { email: user.email })
  expect(await byEmail(world, user.email)).toEqual([[account, 'unregistered']])
})

test('tokens that were given for the new address before are good no more, once it is left again', async () => {
  const [user, email] = [await newUser(world), newEmail()]
  const verification_code = await tokenFor(world, email)
  const moved = await askToMove(user, email)
  expect((await verify(world, moved)).status).toBe(204)
  expect((await world.ask('DELETE', `/wallets/${moved.walletId}`, { by: world.admin })).status).toBe(204)
  const body = walletBody(newOwner({ email }), { verification_code })
  expect((await world.ask('POST', '/wallets', { body })).status).toBe(400)
})
