import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callOf, passkeySigner, publicKeyOf, signChange, signerOf, usualVerifiers } from '@strongroom/accounts-client'
import { type ChainSeen, chainSeen } from '../src/accounts-chain.ts'
import { askFor, heldOf, letIn } from '../src/accounts-changes.ts'
import { softPasskey } from '../src/accounts-passkey.ts'
import {
  type AccountsStory,
  newDevice,
  push,
  settled,
  signInUntilItStands,
  startAccountsStory,
  toldTo,
} from '../src/accounts-world.ts'
import { eventually } from '../src/eventually.ts'

let story: AccountsStory
let chain: ChainSeen
beforeAll(async () => {
  story = await startAccountsStory()
  chain = chainSeen(story.world)
})
afterAll(() => story[Symbol.asyncDispose]())

test('an account is answered while nothing is sent, stands with its device and our key at 500 each of 1000, and is signed in to', async () => {
  const ann = await newDevice(story)
  await story.killWorker()
  const { account, transaction } = await ann.client.signUp(ann.login, ann.newKey)
  expect(transaction).toBeNull()
  expect((await ann.client.me()).id).toBe(account.id)
  await expect(ann.client.signIn(ann.login, ann.key)).rejects.toMatchObject({ code: 'PleaseDeploy' })
  story.worker = await story.spawnWorker()
  const standing = await signInUntilItStands(ann)
  expect([standing.accountId, standing.address]).toEqual([account.id, account.addresses[0]?.address])
  expect(await chain.receiptOf(standing.transaction)).toMatchObject({ status: 'success' })

  const { weights, threshold } = await chain.standing(standing.address)
  expect([Object.values(weights), threshold]).toEqual([[500, 500], 1000])
  expect(weights[ann.publicKey]).toBe(500)
  const keys = await ann.client.listKeys()
  expect(keys.map(({ publicKey, type }) => [publicKey, type, weights[publicKey]])).toEqual(
    expect.arrayContaining([
      [ann.publicKey, 'user-key', 500],
      [expect.stringMatching(/^[0-9a-f]{128}$/), 'server-key', 500],
    ]),
  )

  // The other process knows the account as well; a stranger's key opens nothing.
  const elsewhere = await newDevice(story, ann.login, 1)
  expect((await elsewhere.client.signIn(ann.login, ann.key)).account.id).toBe(account.id)
  await expect(elsewhere.client.signIn(ann.login, elsewhere.key)).rejects.toMatchObject({ code: 'PleaseRegisterKey' })
})

test('a second device is let in by the first one on the chain; one signature alone moves nothing', async () => {
  const { device: phone, address, accountId } = await settled(story)
  const tablet = await newDevice(story, phone.login, 1)
  const waiting = await tablet.client.askToBeLetIn(tablet.login, tablet.newKey)
  const { twoFactorAuth } = await push(story, phone, '2fa-request')
  expect(twoFactorAuth).toMatchObject({ id: waiting.twoFactorAuth.id, status: 'pending' })
  await expect(waiting.finish()).rejects.toMatchObject({ code: 'TwoFactorPending' })

  // What the phone expected is signed, and no other change than that.
  const call = callOf(waiting.twoFactorAuth.request)
  const { chainId } = chain
  const other = { kind: 'add-signer', chainId, account: address, publicKey: phone.publicKey } as const
  await expect(signChange(signerOf(phone.key), call, other)).rejects.toThrow('another change')

  const hash = await letIn(phone, { waiting, chain, address, publicKey: tablet.publicKey })
  await push(story, tablet, '2fa-status-change')
  expect((await waiting.finish()).account.id).toBe(accountId)
  expect(await chain.weighs(address, tablet.publicKey)).toBe(500)
  expect((await tablet.client.listDevices()).map(({ publicKey }) => publicKey)).toEqual([
    phone.publicKey,
    tablet.publicKey,
  ])
  await tablet.client.signIn(tablet.login, tablet.key)

  // The same bytes that moved the account, with both signatures and with each alone.
  expect(await chain.tryWith(hash, () => true)).toBe('moves')
  expect(await chain.tryWith(hash, (signer) => signer === phone.publicKey)).toBe('moves nothing')
  expect(await chain.tryWith(hash, (signer) => signer !== phone.publicKey)).toBe('moves nothing')
})

test('what the server describes is what whoever has a node of the chain would sign', async () => {
  const { device: phone, address } = await settled(story)
  const { publicKey } = await newDevice(story)
  await phone.client.registerRecoveryKey(publicKey, 'iCloud')
  const change = { kind: 'add-signer', publicKey } as const
  const ours = await chain.describe(address, change)
  const described = callOf(await phone.client.describeChange(change)) as typeof ours
  const { deadline } = ours.evm.message
  expect(described.evm).toEqual({ ...ours.evm, message: { ...ours.evm.message, deadline: expect.any(String) } })
  expect(Math.abs(Number(described.evm.message.deadline) - Number(deadline))).toBeLessThan(600)
  expect(usualVerifiers).toEqual(chain.verifiers)
})

describe('a passkey', () => {
  test('is let in by a device, signs in, and signs for the account', async () => {
    const { device: phone, address, accountId } = await settled(story)
    const passkey = softPasskey()
    const laptop = await newDevice(story, phone.login)
    const asked = { type: 'passkey', publicKey: passkey.publicKey, passKey: { platform: 'web' } } as const
    const waiting = await laptop.client.askToBeLetIn(phone.login, asked)
    await letIn(phone, { waiting, chain, address, publicKey: passkey.publicKey })
    await waiting.finish()
    const { account } = await laptop.client.signInByPasskey(phone.login, passkey, passkey.platform)
    expect(account.id).toBe(accountId)

    // Asked for by the passkey, approved by nobody yet: held, and the phone is told.
    const cloud = await newDevice(story)
    await laptop.client.registerRecoveryKey(cloud.publicKey, 'iCloud')
    const change = { kind: 'add-signer', publicKey: publicKeyOf(cloud.key) } as const
    const signer = passkeySigner(passkey, passkey.platform)
    const held = heldOf(await askFor(laptop.client, signer, { chain, address, change }))
    expect(held).toMatchObject({ state: 'held', changes: [change] })
    await push(story, phone, 'account-change')
    await phone.client.cancelChange(held.id)
    expect(await chain.weighs(address, cloud.publicKey)).toBeUndefined()
  })
})

test('a hundred people sign up at once, at two processes: a hundred accounts, each deployed once, no nonce lost', async () => {
  const before = await chain.created()
  const people = await Promise.all(
    Array.from({ length: 100 }, (_, index) => newDevice(story, undefined, index % 2 === 0 ? 0 : 1)),
  )
  const opened = await Promise.all(people.map(({ client, login, newKey }) => client.signUp(login, newKey)))
  const addresses = opened.map(({ account }) => account.addresses[0]?.address.toLowerCase() ?? '')
  expect(new Set(addresses).size).toBe(100)
  await eventually('all of them stand', async () => (await chain.created()).length >= before.length + 100)
  expect((await chain.created()).slice(before.length).toSorted()).toEqual(addresses.toSorted())
  for (const person of people) await signInUntilItStands(person)
  const [nonces] = await story.world.app.sql(`
    select count(*)::int as sent, count(distinct nonce)::int as nonces, (max(nonce) + 1)::int as next from chains.transactions`)
  expect(nonces).toEqual({ sent: nonces?.['next'], nonces: nonces?.['next'], next: nonces?.['next'] })
})

test('nobody is told of what is another’s', async () => {
  const [{ device: ann }, { device: bob }] = [await settled(story), await settled(story)]
  const asking = await newDevice(story, ann.login)
  const waiting = await asking.client.askToBeLetIn(ann.login, asking.newKey)
  await push(story, ann, '2fa-request')
  expect(await toldTo(story, bob)).toEqual([])
  await expect(bob.client.lookAtTwoFactor(waiting.twoFactorAuth.id)).rejects.toMatchObject({ code: 'NotFound' })
  await expect(bob.client.denyTwoFactor(waiting.twoFactorAuth.id)).rejects.toMatchObject({ code: 'NotFound' })
  await ann.client.denyTwoFactor(waiting.twoFactorAuth.id)
  await expect(waiting.finish()).rejects.toMatchObject({ code: 'TwoFactorDenied' })
})
