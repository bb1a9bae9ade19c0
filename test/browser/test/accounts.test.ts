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
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as accounts from '../pages/accounts.ts'
import {
  addVirtualAuthenticator,
  type AuthenticatorWish,
  openBrowser,
  type OpenPage,
  servePage,
  type ServedPage,
} from '../src/index.ts'

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

const soon = { timeout: 60_000, interval: 200 }
const baseUrl = () => world.app.baseUrls[0] ?? ''
const newLogin = (): Login => ({ method: 'test', token: `person-${randomBytes(6).toString('hex')}` })

/** A browser with a fingerprint reader, and a passkey made there. */
async function openLaptop() {
  const laptop = await (await openBrowser()).open(page)
  const authenticator = await addVirtualAuthenticator(laptop.tab)
  await laptop.call('openAt', baseUrl())
  return { laptop, authenticator, passkey: await laptop.call('createPasskey') }
}

/** The same, with how the passkey was made. */
async function openRegistered(wish?: AuthenticatorWish) {
  const laptop = await (await openBrowser()).open(page)
  const authenticator = await addVirtualAuthenticator(laptop.tab, wish)
  await laptop.call('openAt', baseUrl())
  return { laptop, authenticator, passkey: await laptop.call('makePasskey') }
}

/** Whose passkey was told with how it was made, and whose account stands. */
async function openAccount() {
  const { laptop, authenticator, passkey } = await openRegistered()
  const login = newLogin()
  const { account } = await laptop.call('signUp', login, passkey)
  await signInOnceItStands(laptop, login, passkey)
  return { laptop, authenticator, passkey, login, account }
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
  const { chainId } = world.node
  const another = { id, chainId, account: address, publicKey: passkey.publicKey }
  await expect(laptop.call('letIn', passkey, another)).rejects.toThrow('another change')
  const signing = await laptop.call('letIn', passkey, { id, chainId, account: address, publicKey })
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

describe('a passkey whose making a browser shows', () => {
  test('opens an account, is asked for by its id, and is made no second time for it', async () => {
    const { laptop, authenticator, passkey, login, account } = await openAccount()
    expect((await laptop.call('signIn', login, passkey)).account.id).toBe(account.id)
    expect(await authenticator.credentials()).toHaveLength(1)
    await expect(laptop.call('makeFurtherPasskey')).rejects.toThrow('no passkey was given')
    // On another authenticator it is: a further one of the account.
    await authenticator.remove()
    await addVirtualAuthenticator(laptop.tab)
    expect((await laptop.call('makeFurtherPasskey')).publicKey).not.toBe(passkey.publicKey)
    await expect(laptop.call('signIn', login, passkey)).rejects.toThrow('no passkey was given')
  })

  test('is none where the page is another of its host', async () => {
    const { laptop } = await openRegistered()
    await laptop.tab.goto(elsewhere.origin)
    await laptop.call('openAt', baseUrl())
    const passkey = await laptop.call('makePasskey')
    await expect(laptop.call('signUp', newLogin(), passkey)).rejects.toThrow('cannot be done')
  })

  test('is shown once: not for a second login, not by another person', async () => {
    const { laptop, passkey } = await openAccount()
    await expect(laptop.call('signUp', newLogin(), passkey)).rejects.toThrow('no such challenge')
    const thief = await openLaptop()
    await expect(thief.laptop.call('signUp', newLogin(), passkey)).rejects.toThrow('no such challenge')
    // Another key, told with it.
    const own = { ...(await thief.laptop.call('makePasskey')), publicKey: thief.passkey.publicKey }
    await expect(thief.laptop.call('signUp', newLogin(), own)).rejects.toThrow('cannot be done')
  })

  test('answers for nobody else’s account, though one authenticator has both', async () => {
    const ann = await openAccount()
    const { laptop } = ann
    const [login, passkey] = [newLogin(), await laptop.call('makePasskey')]
    await laptop.call('signUp', login, passkey)
    await signInOnceItStands(laptop, login, passkey)
    const another = { credentialId: passkey.credentialId }
    await expect(laptop.call('signInOtherwise', ann.login, ann.passkey, another)).rejects.toThrow('signature')
    await expect(laptop.call('signIn', ann.login, passkey)).rejects.toThrow('not registered')
    expect((await laptop.call('signIn', ann.login, ann.passkey)).account.id).toBe(ann.account.id)
  })

  test('that was copied is noticed once both have signed in', async () => {
    const { laptop, authenticator, passkey, login } = await openAccount()
    const thief = await (await openBrowser()).open(page)
    await authenticator.copyInto(thief.tab)
    await thief.call('openAt', baseUrl())
    await laptop.call('signIn', login, passkey)
    await laptop.call('signIn', login, passkey)
    await expect(thief.call('signIn', login, passkey)).rejects.toThrow('signature')
    await laptop.call('signIn', login, passkey)
  })

  test('is of a person who is verified, when it is made and when it answers', async () => {
    const { laptop, passkey, login, authenticator } = await openAccount()
    await authenticator.recogniseNobody()
    const unverified = { userVerification: 'discouraged' } as const
    await expect(laptop.call('signInOtherwise', login, passkey, unverified)).rejects.toThrow('signature')
    const bare = await (await openBrowser()).open(page)
    await addVirtualAuthenticator(bare.tab, { residentKeys: false, userVerification: false, transport: 'usb' })
    await bare.call('openAt', baseUrl())
    const made = await bare.call('makeOtherwise', unverified)
    await expect(bare.call('signUp', newLogin(), made)).rejects.toThrow('cannot be done')
  })
})
