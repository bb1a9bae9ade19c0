import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import {
  answerTo,
  demandIn,
  newEmail,
  newOwner,
  newUser,
  signUp,
  walletBody,
  type WalletOwner,
} from '../../test/wallet-owner.ts'

const [own, usual] = ['https://app.example.com/r', 'https://wallet.example.com/r'] as const

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld({ policies: { clientDomains: ['app.example.com', 'app.example.com:8443'] } })
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const choose = async ({ account, key }: WalletOwner, value: unknown = 'app.example.com') => {
  const body = { data: { attributes: { key: 'client_domain', value } } }
  expect((await world.ask('PUT', `/identities/${account}/settings`, { by: key, body })).status).toBe(200)
}

/** Where the links lead that an address was mailed, payloads left out; oldest first. */
const routersTo = (email: string): readonly string[] =>
  world.sentTo(email).flatMap(({ text }) => /(https:\S+)\/[\w-]+/.exec(text)?.[1] ?? [])

/** The same, when that many have come. */
const mailed = (email: string, count = 1): Promise<readonly string[]> =>
  vi.waitFor(
    () => {
      const routers = routersTo(email)
      if (routers.length < count) throw new Error(`${String(routers.length)} of ${String(count)} have come`)
      return routers
    },
    { timeout: 60_000, interval: 20 },
  )

/** Asks for another address with the password; answers that address. */
async function askForAddress(owner: WalletOwner): Promise<string> {
  const next = newOwner({ email: newEmail(), key: owner.key, account: owner.account })
  const body = walletBody(next)
  const ask = () => world.ask('POST', `/wallets/${owner.walletId}`, { body })
  const demand = demandIn(await ask())
  expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
  expect((await ask()).status).toBe(204)
  return next.email
}

const without = { clientDomains: ['other.example.com'] }

test('a link for a new address leads to the host that the account chose, and no more when that is no longer on the list', async () => {
  const owner = await newUser(world)
  expect(await mailed(await askForAddress(owner))).toEqual([usual])
  await choose(owner)
  expect(await mailed(await askForAddress(owner))).toEqual([own])
  world.serveWith({ policies: { ...world.deps.policies, ...without } })
  expect(await mailed(await askForAddress(owner))).toEqual([usual])
  world.serveWith(world.deps)
  expect(await mailed(await askForAddress(owner))).toEqual([own])
  await choose(owner, null)
  expect(await mailed(await askForAddress(owner))).toEqual([usual])
})

test('a verification mail that is sent again follows it too, before and after the host leaves the list', async () => {
  const owner = await signUp(world, newOwner())
  const resend = async () =>
    expect((await world.ask('POST', `/wallets/${owner.walletId}/verification`)).status).toBe(204)
  expect(await mailed(owner.email, 1)).toEqual([usual])
  await choose(owner)
  await resend()
  expect(await mailed(owner.email, 2)).toEqual([usual, own])
  world.serveWith({ policies: { ...world.deps.policies, ...without } })
  await resend()
  expect(await mailed(owner.email, 3)).toEqual([usual, own, usual])
})

test('an invite follows what the invited chose', async () => {
  const owner = await newUser(world)
  await choose(owner)
  const data = { type: 'general-invite', attributes: { email: owner.email } }
  expect((await world.ask('POST', '/invites', { by: world.admin, body: { data } })).status).toBe(204)
  expect(await mailed(owner.email, 2)).toEqual([usual, own])
})

test('the choice of one account is not another’s', async () => {
  const [owner, other] = [await newUser(world), await newUser(world)]
  await choose(owner)
  expect(await mailed(await askForAddress(other))).toEqual([usual])
})

test('the usual client’s port stays with its host; one of the list is taken with its own', async () => {
  const owner = await newUser(world)
  world.serveWith({ clientRouter: new URL('https://wallet.example.com:4443/r') })
  await choose(owner)
  expect(await mailed(await askForAddress(owner))).toEqual([own])
  await choose(owner, 'app.example.com:8443')
  expect(await mailed(await askForAddress(owner))).toEqual(['https://app.example.com:8443/r'])
})
