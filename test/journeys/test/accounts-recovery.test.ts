import {
  type DeviceKey,
  newDeviceKey,
  publicKeyOf,
  signChange,
  signerOf,
  type Waiting,
} from '@strongroom/accounts-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ChainSeen, chainSeen } from '../src/accounts-chain.ts'
import { askByDevice, changeTogether, letIn, sent } from '../src/accounts-changes.ts'
import { type AccountsStory, type Device, newDevice, push, settled, startAccountsStory } from '../src/accounts-world.ts'
import { eventually } from '../src/eventually.ts'

let story: AccountsStory
let chain: ChainSeen
beforeAll(async () => {
  story = await startAccountsStory()
  chain = chainSeen(story.world)
})
afterAll(() => story[Symbol.asyncDispose]())

interface Household {
  readonly phone: Device
  readonly tablet: Device
  /** In somebody’s cloud. */
  readonly cloud: DeviceKey
  readonly address: `0x${string}`
}

/** Two devices, and a recovery key that the one asked for and the other approved. */
async function household(): Promise<Household> {
  const { device: phone, address } = await settled(story)
  const tablet = await newDevice(story, phone.login, 1)
  const waiting = await tablet.client.askToBeLetIn(tablet.login, tablet.newKey)
  await letIn(phone, { waiting, chain, address, publicKey: tablet.publicKey })
  await waiting.finish()

  const cloud = await newDeviceKey()
  const publicKey = publicKeyOf(cloud)
  await phone.client.registerRecoveryKey(publicKey, 'iCloud')
  expect(await stateOf(phone, publicKey)).toBe('pending')
  await changeTogether(phone, tablet, { chain, address, change: { kind: 'add-signer', publicKey } })
  await eventually('the recovery key counts', async () => (await stateOf(phone, publicKey)) === 'active')
  expect(await chain.weighs(address, publicKey)).toBe(500)
  return { phone, tablet, cloud, address }
}

const stateOf = async ({ client }: Device, key: string) =>
  (await client.listKeys('all')).find(({ publicKey }) => publicKey === key)?.state

interface Asked extends Household {
  readonly newPhone: Device
}

const expectedOf = ({ address, newPhone: { publicKey } }: Asked) =>
  ({ kind: 'add-signer', chainId: chain.chainId, account: address, publicKey }) as const

/** What the recovery key signs to let the new phone in, described by the server and sent by whoever waits. */
const recoverBy = (asked: Asked, waiting: Waiting) => waiting.recoverBy(signerOf(asked.cloud), expectedOf(asked))

/** The same, of somebody who has a node of the chain. */
async function sendSigned(asked: Asked, waiting: Waiting) {
  const expected = expectedOf(asked)
  const call = await chain.describe(asked.address, expected)
  return waiting.sendRecovery({ call, signatures: [await signChange(signerOf(asked.cloud), call, expected)] })
}

/** With the login and the recovery key, from a phone that is nobody’s yet. */
async function askForRecovery(home: Household): Promise<Asked> {
  const newPhone = await newDevice(story, home.phone.login)
  const { client, login, newKey } = newPhone
  const waiting = await client.askToBeLetIn(login, newKey)
  await expect(client.signInByRecoveryKey(login, home.cloud, newKey)).rejects.toMatchObject({ code: 'Forbidden' })
  await waiting.recover()
  await client.signInByRecoveryKey(login, home.cloud, newKey)
  await push(story, home.tablet, 'recovery-request')
  await push(story, home.tablet, 'account-change')

  // What it was given serves nothing, and what its key signs is not sent, before the hold is over.
  await expect(client.me()).rejects.toMatchObject({ code: 'InvalidToken' })
  const asked = { ...home, newPhone }
  expect(await sendSigned(asked, waiting)).toMatchObject({ recovery: { state: 'held', newKey: newPhone.publicKey } })
  expect(await chain.weighs(home.address, newPhone.publicKey)).toBeUndefined()
  return asked
}

test('a lost phone is replaced by the recovery key after three days, and shut out', async () => {
  const home = await household()
  const { phone, tablet, address } = home
  const asked = await askForRecovery(home)
  const { newPhone } = asked
  await story.pass('71 hours')
  const early = await newPhone.client.askToBeLetIn(newPhone.login, newPhone.newKey)
  expect(await sendSigned(asked, early)).toMatchObject({ recovery: { state: 'held' } })
  expect(await recoverBy(asked, early)).toMatchObject({ recovery: { state: 'held', newKey: newPhone.publicKey } })
  await story.pass('2 hours')

  const waiting = await newPhone.client.askToBeLetIn(newPhone.login, newPhone.newKey)
  expect(await recoverBy(asked, waiting)).toMatchObject({ transaction: { chainName: 'local' } })
  await eventually('the new phone signs in', async () =>
    newPhone.client.signIn(newPhone.login, newPhone.key).then(
      () => true,
      () => false,
    ),
  )
  expect(await chain.weighs(address, newPhone.publicKey)).toBe(500)

  // The lost phone signs until the others have taken its key from the account, then its sessions are over, too.
  await phone.client.signIn(phone.login, phone.key)
  expect((await phone.client.me()).id).toBe((await newPhone.client.me()).id)
  await expect(newPhone.client.forgetKey(phone.publicKey)).rejects.toMatchObject({ code: 'InvalidRequest' })
  const change = { kind: 'remove-signer', publicKey: phone.publicKey } as const
  await changeTogether(newPhone, tablet, { chain, address, change })
  expect(await chain.weighs(address, phone.publicKey)).toBeUndefined()
  await eventually('the key of the lost phone is forgotten', async () => {
    if ((await stateOf(newPhone, phone.publicKey)) === 'revoked') return true
    await newPhone.client.forgetKey(phone.publicKey).catch(() => undefined)
    return false
  })
  await expect(phone.client.me()).rejects.toMatchObject({ code: 'InvalidToken' })
  await expect(phone.client.signIn(phone.login, phone.key)).rejects.toMatchObject({ code: 'PleaseRegisterKey' })
})

test('a phone that was stolen goes with the recovery that replaces it, and nobody has a node of the chain', async () => {
  const home = await household()
  const { phone, tablet, address, cloud } = home
  const asked = await askForRecovery(home)
  const { newPhone } = asked
  await story.pass('73 hours')
  const waiting = await newPhone.client.askToBeLetIn(newPhone.login, newPhone.newKey)
  const expected = { ...expectedOf(asked), lost: phone.publicKey }
  expect(await waiting.recoverBy(signerOf(cloud), expected)).toMatchObject({ transaction: { chainName: 'local' } })
  await eventually('the thief is shut out', async () => (await stateOf(tablet, phone.publicKey)) === 'revoked')
  expect(await chain.weighs(address, phone.publicKey)).toBeUndefined()
  expect(await chain.weighs(address, newPhone.publicKey)).toBe(500)
  await eventually('the new phone signs in', async () =>
    newPhone.client.signIn(newPhone.login, newPhone.key).then(
      () => true,
      () => false,
    ),
  )
  await expect(phone.client.me()).rejects.toMatchObject({ code: 'InvalidToken' })
})

test('whoever has the cloud and the login is seen by the other device, and stopped there', async () => {
  const home = await household()
  const asked = await askForRecovery(home)
  const { tablet, address } = home
  const thief = asked.newPhone
  const [recovery] = await tablet.client.listRecoveries()
  expect(recovery).toMatchObject({ state: 'held', newKey: thief.publicKey })
  await tablet.client.cancelRecovery(recovery?.id ?? '')

  await story.pass('4 days')
  const late = await thief.client.askToBeLetIn(thief.login, (await newDevice(story)).newKey)
  await expect(sendSigned(asked, late)).rejects.toMatchObject({ code: 'NotFound' })
  await expect(recoverBy(asked, late)).rejects.toMatchObject({ code: 'NotFound' })
  await expect(thief.client.signIn(thief.login, thief.key)).rejects.toMatchObject({ code: 'PleaseRegisterKey' })
  expect(await chain.weighs(address, thief.publicKey)).toBeUndefined()
  expect(await stateOf(tablet, thief.publicKey)).toBe('revoked')
})

test('what nobody approved is signed after three days, and after a cancellation never', async () => {
  const { device: phone, address } = await settled(story)
  const cloud = publicKeyOf(await newDeviceKey())
  await phone.client.registerRecoveryKey(cloud, 'iCloud')
  const change = { kind: 'add-signer', publicKey: cloud } as const
  const ask = () => askByDevice(phone, { chain, address, change })
  const held = await ask()
  if (!('change' in held)) throw new Error('a change that nobody approved was signed')
  await push(story, phone, 'account-change')
  await phone.client.cancelChange(held.change.id)
  await story.pass('4 days')
  // A recovery key that nobody let in is forgotten after a day.
  await phone.client.registerRecoveryKey(cloud, 'iCloud')
  expect(await ask()).toMatchObject({ change: { state: 'held' } })
  await story.pass('71 hours')
  expect(await ask()).toMatchObject({ change: { state: 'held' } })
  await story.pass('2 hours')
  await sent(phone.client, await ask())
  expect(await chain.weighs(address, cloud)).toBe(500)
})
