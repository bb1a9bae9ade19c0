import { fromHex } from '@strongroom/crypto'
import type { AccountChange } from '@strongroom/chains'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { recoveringOnEvm } from './evm-recovery.ts'
import { beginTwoFactor, loginOf, signed, signUp, soon } from './person.ts'
import { addition, removal } from './signing.ts'

let world: AccountsWorld
let {
  withRecoveryKey,
  recover,
  respond,
  beginRecovery,
  sendWith,
  list,
  signersOf,
}: ReturnType<typeof recoveringOnEvm> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ withRecoveryKey, recover, respond, beginRecovery, sendWith, list, signersOf } = recoveringOnEvm(world))
})
afterAll(() => world[Symbol.asyncDispose]())

interface TypedData {
  evm: { message: { calls: object[] } }
}

describe('a lost device', () => {
  test(
    'is replaced by the recovery key, after three days in which every device could say no',
    { timeout: 240_000 },
    async () => {
      const ann = await withRecoveryKey()
      const tablet = newDevice()
      world.pushed.splice(0)
      const { newToken } = await beginRecovery(ann, tablet)
      await world.sweep()
      await vi.waitFor(() => {
        const types = world.pushed.map(({ data }) => data?.['hyphen:type'])
        expect(types).toEqual(expect.arrayContaining(['recovery-request', 'account-change']))
      }, soon)
      // What the new device was given serves nothing yet.
      expect(await world.ask('GET', '/account/v1/me', { token: newToken })).toMatchObject({ status: 401 })
      await world.pass('71 hours 55 minutes')
      const early = await beginTwoFactor(world, ann.login, tablet)
      expect(await sendWith(early.token, early.call, ann.cloud)).toMatchObject({
        status: 202,
        body: { recovery: { state: 'held' } },
      })
      expect(await signersOf(ann)).not.toContain(tablet.publicKey)

      await world.pass('10 minutes')
      const { token } = await beginTwoFactor(world, ann.login, tablet)
      const call = (await world.chain.describeChange(ann.address, addition(tablet.publicKey))) as TypedData
      const gone = (await world.chain.describeChange(ann.address, removal(ann.phone.publicKey))) as TypedData
      const both = structuredClone(call)
      both.evm.message.calls.push(...gone.evm.message.calls)
      const body = await signed(world, both, [ann.cloud])
      const send = () => world.ask('POST', '/auth/v1/recover/transaction', { token, body })
      expect(await send()).toMatchObject({ status: 200 })
      await vi.waitFor(async () => {
        await world.sweep()
        expect(await world.ask('GET', '/account/v1/me', { token: newToken })).toMatchObject({ status: 200 })
      }, soon)
      const signers = await signersOf(ann)
      expect(signers).toContain(tablet.publicKey)
      expect(signers).not.toContain(ann.phone.publicKey)
      // The lost device went with it, here as well.
      expect(await world.ask('GET', '/account/v1/me', { token: ann.token })).toMatchObject({ status: 401 })
      expect(await send()).toMatchObject({ status: 404 })
    },
  )

  test('that was not lost cancels, and the new key never comes back', { timeout: 240_000 }, async () => {
    const bob = await withRecoveryKey()
    const thiefs = newDevice()
    await beginRecovery(bob, thiefs)
    const [recovery] = await list(bob.token)
    const cancel = (token: string) => world.ask('DELETE', `/auth/v1/recover/${recovery?.id ?? ''}`, { token })
    const stranger = await signUp(world)
    expect(await cancel(stranger.token)).toMatchObject({ status: 404 })
    expect(await cancel(bob.token)).toMatchObject({ status: 204 })
    expect(await cancel(bob.token)).toMatchObject({ status: 204 })
    await world.pass('4 days')
    expect((await beginTwoFactor(world, bob.login, thiefs)).answer).toMatchObject({ error: 'InvalidRequest' })
    const { token } = await beginTwoFactor(world, bob.login, newDevice())
    const call = await world.chain.describeChange(bob.address, addition(thiefs.publicKey))
    expect(await sendWith(token, call, bob.cloud)).toMatchObject({ status: 404 })
    expect(await signersOf(bob)).not.toContain(thiefs.publicKey)

    // Asked once more by the same key: that one message is overlooked is not enough any more.
    const others = newDevice()
    await beginRecovery(bob, others)
    await world.pass('73 hours')
    const anew = await world.chain.describeChange(bob.address, addition(others.publicKey))
    const { token: late } = await beginTwoFactor(world, bob.login, others)
    expect(await sendWith(late, anew, bob.cloud)).toMatchObject({ status: 202 })
    expect(await signersOf(bob)).not.toContain(others.publicKey)
  })
})

describe('a recovery key', () => {
  test(
    'is believed for a quarter of an hour after its owner asked, for one new key',
    { timeout: 240_000 },
    async () => {
      const cat = await withRecoveryKey()
      const [one, other] = [newDevice(), newDevice()]
      expect(await respond(cat, { key: cat.cloud, device: one })).toMatchObject({ status: 403, error: 'Forbidden' })
      const { token } = await beginTwoFactor(world, cat.login, one)
      await recover(token)
      await world.pass('15 minutes 1 second')
      expect(await respond(cat, { key: cat.cloud, device: one })).toMatchObject({ status: 403 })
      expect(await recover(token)).toMatchObject({ status: 401 })
      const { token: later } = await beginTwoFactor(world, cat.login, one)
      await recover(later)
      expect(await respond(cat, { key: newDevice(), device: one })).toMatchObject({ error: 'PleaseRegisterKey' })
      const wrong = { ...cat.cloud, signText: newDevice().signText }
      expect(await respond(cat, { key: wrong, device: one })).toMatchObject({ error: 'InvalidSignature' })
      expect(await respond(cat, { key: cat.cloud, device: cat.phone })).toMatchObject({ error: 'InvalidRequest' })
      expect(await respond(cat, { key: cat.cloud, device: one })).toMatchObject({ status: 200 })
      await recover(later)
      expect(await respond(cat, { key: cat.cloud, device: one })).toMatchObject({ status: 200 })
      expect(await respond(cat, { key: cat.cloud, device: other })).toMatchObject({ error: 'InvalidRequest' })
      const [held, ...more] = (await list(cat.token)).filter(({ state }) => state === 'held')
      expect([held?.state, more]).toEqual(['held', []])
    },
  )

  test('lets in the key that waited and no other, and changes nothing else', { timeout: 240_000 }, async () => {
    const dan = await withRecoveryKey()
    const [tablet, other] = [newDevice(), newDevice()]
    await beginRecovery(dan, tablet)
    await world.pass('73 hours')
    const { token } = await beginTwoFactor(world, dan.login, other)
    const describeIt = (change: AccountChange) => world.chain.describeChange(dan.address, change) as Promise<TypedData>
    const right = await describeIt(addition(tablet.publicKey))
    const all = [addition(other.publicKey), addition(newDevice().publicKey), removal(dan.phone.publicKey)]
    for (const change of all)
      expect(await sendWith(token, await describeIt(change), dan.cloud)).toMatchObject({ status: 403 })
    const server =
      (await signersOf(dan)).find((key) => key !== dan.phone.publicKey && key !== dan.cloud.publicKey) ?? ''
    const withServers = structuredClone(right)
    withServers.evm.message.calls.push(...(await describeIt(removal(server))).evm.message.calls)
    expect(await sendWith(token, withServers, dan.cloud)).toMatchObject({ status: 403 })
    for (const by of [tablet, other, dan.phone])
      expect(await sendWith(token, right, by)).toMatchObject({ error: 'InvalidSignature' })
    const stranger = await signUp(world)
    const strangers = await beginTwoFactor(world, stranger.login, newDevice())
    expect(await sendWith(strangers.token, right, dan.cloud)).toMatchObject({ status: 404 })
    expect(await sendWith(dan.token, right, dan.cloud)).toMatchObject({ status: 401 })
    expect(await sendWith(token, right, dan.cloud)).toMatchObject({ status: 200 })
  })

  test('whose hold was written past us lets nobody in', { timeout: 240_000 }, async () => {
    const eve = await withRecoveryKey()
    const [tablet, other] = [newDevice(), newDevice()]
    await beginRecovery(eve, tablet)
    const [recovery] = await list(eve.token)
    const id = recovery?.id ?? ''
    await world.owner.run(
      sql`update time_locks.locks set opens_at = opens_at - interval '3 days' where subject like ${`%${id}%`}`,
    )
    await world.pass('4 minutes')
    const begun = await beginTwoFactor(world, eve.login, tablet)
    expect(await sendWith(begun.token, begun.call, eve.cloud)).toMatchObject({ status: 500 })
    await world.owner.run(
      sql`update time_locks.locks set opens_at = opens_at + interval '3 days' where subject like ${`%${id}%`}`,
    )
    await world.pass('73 hours')
    const swapped = await beginTwoFactor(world, eve.login, other)
    await world.database.run(sql`
      update chain_accounts.recoveries
         set new_key = (select id from chain_accounts.keys where public_key = ${fromHex(other.publicKey)}) where id = ${id}`)
    expect(await sendWith(swapped.token, swapped.call, eve.cloud)).toMatchObject({ status: 500 })
    expect(await signersOf(eve)).toHaveLength(3)
  })

  test('that is no key of the account, or its device’s own, is refused', async () => {
    const fay = await signUp(world)
    const post = (recoveryKey: object) =>
      world.ask('POST', '/key/v1/recovery', { token: fay.token, body: { recoveryKey } })
    const cloudKey = { accountName: 'iCloud' }
    expect(await post({ publicKey: 'ab'.repeat(64), cloudKey })).toMatchObject({ error: 'InvalidPublicKey' })
    expect(await post({ publicKey: fay.phone.publicKey, cloudKey })).toMatchObject({ error: 'InvalidRequest' })
    const { publicKey } = newDevice()
    for (const _ of [1, 2]) {
      const answer = await post({ publicKey, cloudKey })
      const { keys } = answer.body as { keys: object[] }
      expect(keys).toHaveLength(3)
      expect(keys).toContainEqual(
        expect.objectContaining({
          publicKey,
          type: 'recover-key',
          state: 'pending',
          recoverKey: { type: 'cloud', cloudKey },
        }),
      )
    }
    for (const _ of [2, 3])
      expect(await post({ publicKey: newDevice().publicKey, cloudKey })).toMatchObject({ status: 200 })
    expect(await post({ publicKey: newDevice().publicKey, cloudKey })).toMatchObject({ error: 'InvalidRequest' })
    // One that does not count on the chain yet signs in to nothing.
    const { token } = await beginTwoFactor(world, fay.login, newDevice())
    await recover(token)
    const begun = { challengeType: 'recoveryKey', request: loginOf(fay.login), publicKey }
    expect(await world.ask('POST', '/auth/v1/signin/challenge', { body: begun })).toMatchObject({
      error: 'PleaseRegisterKey',
    })
  })
})

test('asking to recover is answered alike, and heard three times a day', async () => {
  const gil = await signUp(world)
  const { token } = await beginTwoFactor(world, gil.login, newDevice())
  for (const _ of [1, 2, 3, 4, 5]) expect(await recover(token)).toMatchObject({ status: 204, body: undefined })
  expect(await list(gil.token)).toHaveLength(3)
  await world.pass('25 hours')
  await recover((await beginTwoFactor(world, gil.login, newDevice())).token)
  expect(await list(gil.token)).toHaveLength(4)
  expect(await recover(gil.token)).toMatchObject({ status: 401 })
})
