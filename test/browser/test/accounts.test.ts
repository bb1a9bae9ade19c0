import { randomBytes } from 'node:crypto'
import {
  accountsClient,
  type Login,
  newDeviceKey,
  type Passkey,
  publicKeyOf,
  type SignedIn,
} from '@strongroom/accounts-client'
import { toHex } from '@strongroom/crypto'
import { type AccountsWorld, startAccounts } from '@strongroom/mpc-auth/testing/accounts'
import { chainOf } from '@strongroom/mpc-auth/testing/chain'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as accounts from '../pages/accounts.ts'
import { addVirtualAuthenticator, openBrowser, type OpenPage, servePage, type ServedPage } from '../src/index.ts'

let page: ServedPage<typeof accounts>
/** Of the same host, and let by CORS, but not among the origins of passkeys. */
let elsewhere: ServedPage<typeof accounts>
let world: AccountsWorld
beforeAll(async () => {
  page = await servePage<typeof accounts>({ entry: 'pages/accounts.ts' })
  elsewhere = await servePage<typeof accounts>({ entry: 'pages/accounts.ts' })
  const origins = `${page.origin},${elsewhere.origin}`
  const settings = { PASSKEY_RP_ID: 'localhost', PASSKEY_ORIGINS: page.origin, CORS_ORIGINS: origins }
  world = await startAccounts({ settings })
  for (const one of [page, elsewhere]) one.mayCall(baseUrl())
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await Promise.all([page.stop(), elsewhere.stop()])
})

const soon = { timeout: 30_000, interval: 200 }
const baseUrl = () => world.app.baseUrls[0] ?? ''
const newLogin = (): Login => ({ method: 'test', token: `person-${randomBytes(6).toString('hex')}` })

/** A browser with a fingerprint reader, and a passkey made there. */
async function openLaptop() {
  const laptop = await (await openBrowser()).open(page)
  const authenticator = await addVirtualAuthenticator(laptop.tab)
  await laptop.call('openAt', baseUrl())
  return { laptop, authenticator, passkey: await laptop.call('createPasskey') }
}

async function signInOnceItStands(laptop: OpenPage<typeof accounts>, login: Login, passkey: Passkey) {
  let signedIn: SignedIn | undefined
  const signIn = async () => (signedIn = await laptop.call('signIn', login, passkey).catch(() => undefined))
  await expect.poll(signIn, soon).toBeDefined()
  const { account } = signedIn as unknown as SignedIn
  return { account, address: account.addresses[0]?.address ?? '' }
}

const signersOn = async (address: string) => {
  const standing = await chainOf(world).readAccount(address)
  return (standing?.signers ?? []).map(({ publicKey, scheme, weight }) => [toHex(publicKey), scheme, weight])
}

test('an account is opened by a passkey of a browser, which signs in; nobody else’s does', async () => {
  const { laptop, passkey, authenticator } = await openLaptop()
  const login = newLogin()
  const { account } = await laptop.call('signUp', login, passkey)
  const standing = await signInOnceItStands(laptop, login, passkey)
  expect(standing.account.id).toBe(account.id)
  expect(await signersOn(standing.address)).toContainEqual([passkey.publicKey, 'webauthn', 500])

  const stranger = await openLaptop()
  await expect(stranger.laptop.call('signIn', login, stranger.passkey)).rejects.toThrow('key')
  // Its own key named, another one's signature: what the authenticator signs decides.
  await expect(stranger.laptop.call('signIn', login, passkey)).rejects.toThrow('signature')
  await authenticator.recogniseNobody()
  await expect(laptop.call('signIn', login, passkey)).rejects.toThrow('no passkey was given')
})

test('the same passkey on another page of its host signs nobody in', async () => {
  const { laptop, passkey } = await openLaptop()
  const login = newLogin()
  await laptop.call('signUp', login, passkey)
  await signInOnceItStands(laptop, login, passkey)
  await laptop.tab.goto(elsewhere.origin)
  await laptop.call('openAt', baseUrl())
  await expect(laptop.call('signIn', login, passkey)).rejects.toThrow('signature')
  await laptop.tab.goto(page.origin)
  await laptop.call('openAt', baseUrl())
  expect((await laptop.call('signIn', login, passkey)).account.addresses).toHaveLength(1)
})

test('a passkey of a browser signs for the account on the chain: it lets a phone in', async () => {
  const { laptop, passkey } = await openLaptop()
  const login = newLogin()
  await laptop.call('signUp', login, passkey)
  const { account, address } = await signInOnceItStands(laptop, login, passkey)

  const key = await newDeviceKey()
  const phone = accountsClient({ baseUrl: baseUrl() })
  const publicKey = publicKeyOf(key)
  const waiting = await phone.askToBeLetIn(login, { type: 'device', publicKey, device: { name: 'a phone' } })
  const { id } = waiting.twoFactorAuth
  const another = { id, account: address, publicKey: passkey.publicKey }
  await expect(laptop.call('letIn', passkey, another)).rejects.toThrow('another change')
  const signing = await laptop.call('letIn', passkey, { id, account: address, publicKey })
  if (!('transaction' in signing)) throw new Error('what was asked for was held')
  let txId: string | null = null
  const state = async () => {
    const [now, hash] = await laptop.call('relayed', signing.transaction.id)
    txId = hash
    return now
  }
  await expect.poll(state, soon).toBe('succeeded')
  expect(await signersOn(address)).toContainEqual([publicKey, 'p256-sha256', 500])
  await laptop.call('approve', id, txId ?? '')
  expect((await waiting.finish()).account.id).toBe(account.id)
  expect((await laptop.call('devices')).map((one) => one.publicKey)).toEqual([passkey.publicKey, publicKey])
})
