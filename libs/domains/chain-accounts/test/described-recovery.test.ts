import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld, type Answered } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { onFlow, payloadOf } from './flow-person.ts'
import { recovering, sentIn } from './flow-recovery.ts'
import { beginTwoFactor, loginOf, relayed, signed, type SignedUp, signUp, soon } from './person.ts'
import { addition, signing, type TypedData } from './signing.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await accountsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const ask = (token: string, query = '') => world.ask('GET', `/auth/v1/recover/transaction${query}`, { token })
const messageIn = (answer: Answered) => {
  expect(answer).toMatchObject({ status: 200 })
  return JSON.parse((answer.body as { message: string }).message) as TypedData & { cadence?: string }
}

/** Somebody whose recovery key waits to let a tablet in. */
async function recoveringOn(): Promise<SignedUp & { cloud: Device; tablet: Device }> {
  const { describeIt, registerRecovery, send } = signing(world)
  const [person, cloud, tablet] = [await signUp(world), newDevice(), newDevice()]
  const { token, login } = person
  await registerRecovery(person, cloud.publicKey)
  const add = async () => send(person, await describeIt(person, addition(cloud.publicKey)))
  expect(await add()).toMatchObject({ status: 202 })
  await world.pass('73 hours')
  await relayed(world, token, await add())
  await vi.waitFor(async () => {
    await world.sweep()
    const { keys } = (await world.ask('GET', '/key/v1/keys', { token })).body as { keys: object[] }
    expect(keys).toContainEqual(expect.objectContaining({ publicKey: cloud.publicKey, state: 'active' }))
  }, soon)
  const begun = await beginTwoFactor(world, login, tablet)
  await world.ask('POST', '/auth/v1/recover', { token: begun.token })
  const asked = { challengeType: 'recoveryKey', request: loginOf(login), publicKey: cloud.publicKey }
  const { challengeData } = (await world.ask('POST', '/auth/v1/signin/challenge', { body: asked })).body as {
    challengeData: string
  }
  const recoveryKey = { signature: cloud.signText(challengeData), newDeviceKey: tablet.userKey }
  const body = { challengeType: 'recoveryKey', challengeData, recoveryKey }
  expect(await world.ask('POST', '/auth/v1/signin/challenge/respond', { body })).toMatchObject({ status: 200 })
  return { ...person, cloud, tablet }
}

const waitingFor = async ({ login, tablet }: { login: string; tablet: Device }) =>
  (await beginTwoFactor(world, login, tablet)).token

describe('a described recovery', () => {
  test('is what lets the key in that waits, once its hold is over', { timeout: 240_000 }, async () => {
    const ann = await recoveringOn()
    const held = { status: 202, body: { recovery: { state: 'held', newKey: ann.tablet.publicKey } } }
    // One request of a key at a time.
    await world.pass('4 minutes')
    expect(await ask(await waitingFor(ann))).toMatchObject(held)
    await world.pass('71 hours 50 minutes')
    expect(await ask(await waitingFor(ann))).toMatchObject(held)
    await world.pass('20 minutes')
    // Whichever device asks by the login: what is described is the one key that the hold is of.
    const token = await waitingFor({ ...ann, tablet: newDevice() })
    const answer = await ask(token)
    expect(answer).toMatchObject({ body: { chainName: 'local' } })
    const call = messageIn(answer)
    const ours = (await world.chain.describeChange(ann.address, addition(ann.tablet.publicKey))) as TypedData
    expect(call.evm.message.calls).toEqual(ours.evm.message.calls)
    const body = await signed(world, call, [ann.cloud])
    expect(await world.ask('POST', '/auth/v1/recover/transaction', { token, body })).toMatchObject({ status: 200 })
    await vi.waitFor(async () => {
      await world.sweep()
      const standing = await world.chain.readAccount(ann.address)
      expect(standing?.signers).toHaveLength(4)
    }, soon)
    // It is over: nothing is described any more.
    expect((await ask(token)).status).not.toBe(200)
  })

  test('takes a lost device with it, and nothing else of the account', { timeout: 240_000 }, async () => {
    const { signersOf } = signing(world)
    const [cat, stranger] = [await recoveringOn(), await signUp(world)]
    await world.pass('73 hours')
    const token = await waitingFor({ ...cat, tablet: newDevice() })
    const ofPerson = [cat.phone.publicKey, cat.cloud.publicKey]
    const server = (await signersOf(cat)).find((key) => !ofPerson.includes(key)) ?? ''
    const { publicKey: nobodys } = newDevice()
    for (const key of [cat.cloud.publicKey, server, cat.tablet.publicKey, stranger.phone.publicKey, nobodys])
      expect(await ask(token, `?lost=${key}`)).toMatchObject({ status: 403, error: 'Forbidden' })
    expect(await ask(token, '?lost=phone')).toMatchObject({ status: 400 })
    const call = messageIn(await ask(token, `?lost=${cat.phone.publicKey}`))
    expect(call.evm.message.calls).toHaveLength(2)
    const body = await signed(world, call, [cat.cloud])
    expect(await world.ask('POST', '/auth/v1/recover/transaction', { token, body })).toMatchObject({ status: 200 })
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await world.ask('GET', '/account/v1/me', { token: cat.token })).toMatchObject({ status: 401 })
    }, soon)
    const left = await signersOf(cat)
    expect(left.toSorted()).toEqual([server, cat.cloud.publicKey, cat.tablet.publicKey].toSorted())
  })

  test('is told to nobody else', { timeout: 240_000 }, async () => {
    const [bob, stranger] = [await recoveringOn(), await signUp(world)]
    await world.pass('73 hours')
    const nobody = await signUp(world)
    const theirs = await ask(await waitingFor({ ...stranger, tablet: newDevice() }))
    expect(theirs).toMatchObject({ status: 404, error: 'NotFound' })
    // Of who never asked to recover it is the same.
    expect(await ask(await waitingFor({ ...nobody, tablet: newDevice() }))).toEqual(theirs)
    for (const token of [bob.token, stranger.token, 'none']) expect(await ask(token)).toMatchObject({ status: 401 })
    const { recoveries } = (await world.ask('GET', '/auth/v1/recover', { token: bob.token })).body as {
      recoveries: { id: string }[]
    }
    await world.ask('DELETE', `/auth/v1/recover/${recoveries[0]?.id ?? ''}`, { token: bob.token })
    expect(await ask(await waitingFor({ ...bob, tablet: newDevice() }))).toEqual(theirs)
  })

  test(
    'on Flow is a script, and of an account that is not ours any more there is none',
    { timeout: 240_000 },
    async () => {
      const [flow, { beginRecovery, later, sendIt }] = [onFlow(world), recovering(world)]
      const [kim, tablet] = [await flow.withRecoveryKey('kim-of-flow'), newDevice()]
      await beginRecovery(kim, tablet)
      await world.pass('4 minutes')
      expect(await ask(await later(kim, tablet))).toMatchObject({ status: 202, body: { recovery: { state: 'held' } } })
      await world.pass('73 hours')
      const token = await later(kim, tablet)
      const keys = (world.flow.account(kim.address.replace(/^0x/, ''))?.keys ?? []) as object[]
      // One key twice would be enough alone.
      keys.push({ ...keys[0] })
      expect(await ask(token)).toMatchObject({ status: 403, error: 'Forbidden' })
      keys.pop()
      expect(await ask(token, `?lost=${kim.phone.publicKey}`)).toMatchObject({ status: 400, error: 'InvalidRequest' })
      const { cadence = '' } = messageIn(await ask(token))
      expect(cadence).toContain(tablet.publicKey)
      const transaction = await flow.transactionOf(kim, { script: cadence, by: kim.cloud })
      sentIn(await sendIt(token, payloadOf(transaction), kim.cloud))
      await vi.waitFor(async () => {
        world.flow.advance(1)
        expect(await flow.signersOf(kim)).toContain(tablet.publicKey)
      }, soon)
    },
  )
})
