import { fromHex } from '@strongroom/crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { addition, type FlowTransaction, onFlow, payloadOf, removal } from './flow-person.ts'
import { recovering, sentIn } from './flow-recovery.ts'
import { soon } from './person.ts'

const minute = { timeout: 240_000 }
let world: AccountsWorld
let flow: ReturnType<typeof onFlow>
let { beginRecovery, later, sendIt, list, ranFor }: ReturnType<typeof recovering> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  flow = onFlow(world)
  ;({ beginRecovery, later, sendIt, list, ranFor } = recovering(world))
})
afterAll(() => world[Symbol.asyncDispose]())

describe('on Flow, a lost device', () => {
  test('is replaced by the recovery key after three days, and goes after three more', minute, async () => {
    const ann = await flow.withRecoveryKey('ann')
    const tablet = newDevice()
    const { newToken } = await beginRecovery(ann, tablet)
    expect(await world.ask('GET', '/account/v1/me', { token: newToken })).toMatchObject({ status: 401 })
    await world.pass('71 hours 55 minutes')
    const early = await flow.changeOf(ann, addition(tablet), ann.cloud)
    expect(await sendIt(await later(ann, tablet), payloadOf(early), ann.cloud)).toMatchObject({
      status: 202,
      body: { recovery: { state: 'held', chainName: 'flow-testnet' } },
    })
    expect(await flow.signersOf(ann)).not.toContain(tablet.publicKey)

    await world.pass('10 minutes')
    const before = ranFor(ann) ?? 0
    const message = payloadOf(await flow.changeOf(ann, addition(tablet), ann.cloud))
    const token = await later(ann, tablet)
    // Twice, as where the first answer is lost: one transaction.
    const { id } = sentIn(await sendIt(token, message, ann.cloud))
    expect(sentIn(await sendIt(token, message, ann.cloud)).id).toBe(id)
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await world.ask('GET', '/account/v1/me', { token: newToken })).toMatchObject({ status: 200 })
    }, soon)
    expect(await flow.signersOf(ann)).toContain(tablet.publicKey)
    expect(ranFor(ann)).toBe(before + 1)
    expect(await sendIt(token, message, ann.cloud)).toMatchObject({ status: 404 })
    await vi.waitFor(async () => {
      expect(await world.ask('GET', `/sign/v1/evm/transaction/${id}`, { token: newToken })).toMatchObject({
        body: { transaction: { state: 'succeeded', chainName: 'flow-testnet' } },
      })
    }, soon)

    const again = { ...ann, phone: tablet, token: newToken }
    const remove = () => flow.changeOf(again, removal(ann.phone), tablet)
    expect(await flow.cosign(newToken, payloadOf(await remove()))).toMatchObject({ status: 202 })
    await world.pass('73 hours')
    await flow.cosignAndRun(again, await remove())
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await world.ask('GET', '/account/v1/me', { token: ann.token })).toMatchObject({ status: 401 })
    }, soon)
    expect(await flow.signersOf(again)).not.toContain(ann.phone.publicKey)
  })

  test('that was not lost cancels, and nothing is signed', minute, async () => {
    const bob = await flow.withRecoveryKey('bob')
    const thiefs = newDevice()
    await beginRecovery(bob, thiefs)
    const [recovery] = await list(bob.token)
    expect(await world.ask('DELETE', `/auth/v1/recover/${recovery?.id ?? ''}`, { token: bob.token })).toMatchObject({
      status: 204,
    })
    await world.pass('73 hours')
    const message = payloadOf(await flow.changeOf(bob, addition(thiefs), bob.cloud))
    expect(await sendIt(await later(bob, newDevice()), message, bob.cloud)).toMatchObject({ status: 404 })
    expect(await flow.signersOf(bob)).not.toContain(thiefs.publicKey)
  })
})

describe('on Flow, a recovery is signed for', () => {
  test('where it lets in the key that waited, by that key, of that account, and nothing else', minute, async () => {
    const [cat, eve] = [await flow.withRecoveryKey('cat'), await flow.withRecoveryKey('eve')]
    const [tablet, other] = [newDevice(), newDevice()]
    await beginRecovery(cat, tablet)
    await world.pass('73 hours')
    const token = await later(cat, other)
    const right = await flow.changeOf(cat, addition(tablet), cat.cloud)
    const server = (await flow.signersOf(cat))[0] ?? ''
    const send = (transaction: FlowTransaction, by: Device = cat.cloud) => sendIt(token, payloadOf(transaction), by)

    for (const change of [addition(other), addition(newDevice()), removal(cat.phone), removal({ publicKey: server })])
      expect(await send(await flow.changeOf(cat, change, cat.cloud))).toMatchObject({ error: 'Forbidden' })
    // Another account as the one that agrees; another script; more than the script; another who pays.
    const eves = await flow.transactionOf(eve, { script: right.cadence, by: eve.cloud })
    expect(await send(eves, eve.cloud)).toMatchObject({ error: 'Forbidden' })
    const wrong: FlowTransaction[] = [
      { ...right, cadence: `${right.cadence}\n` },
      { ...right, cadence: 'transaction { prepare(signer: auth(Keys) &Account) {} }' },
      { ...right, authorizers: [...right.authorizers, eves.proposalKey.address] },
      { ...right, payer: right.proposalKey.address },
      { ...right, refBlock: 'ab'.repeat(32) },
    ]
    // Proposed by a key that does not sign: it would never run.
    wrong.push(await flow.changeOf(cat, addition(tablet), cat.phone))
    for (const one of wrong) expect(await send(one)).toMatchObject({ error: 'InvalidRequest' })
    for (const by of [tablet, cat.phone, eve.cloud])
      expect(await send(right, by)).toMatchObject({ error: 'InvalidSignature' })
    const message = payloadOf(right)
    const ofAnother = { ...cat.cloud, sign: () => cat.cloud.sign(fromHex(payloadOf(eves))) }
    expect(await sendIt(token, message, ofAnother)).toMatchObject({ error: 'InvalidSignature' })
    expect(await sendIt(await later(eve, newDevice()), message, cat.cloud)).toMatchObject({ status: 404 })
    expect(await sendIt(cat.token, message, cat.cloud)).toMatchObject({ status: 401 })
    const asEvm = {
      chainName: 'flow-testnet',
      call: {},
      signatures: [{ publicKey: cat.cloud.publicKey, signature: 'ab'.repeat(64) }],
    }
    expect(await world.ask('POST', '/auth/v1/recover/transaction', { token, body: asEvm })).toMatchObject({
      error: 'InvalidRequest',
    })
    expect(await flow.signersOf(cat)).toHaveLength(3)
    expect(await send(right)).toMatchObject({ status: 200 })
  })
})
