import { fromHex } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld, type Answered } from './accounts-world.ts'
import { newDevice } from './device.ts'
import {
  addition,
  envelopeOf,
  type FlowPerson,
  type FlowTransaction,
  onFlow,
  payloadOf,
  removal,
} from './flow-person.ts'
import { soon } from './person.ts'
import { heldIn } from './signing.ts'

const minute = { timeout: 240_000 }
let world: AccountsWorld
let flow: ReturnType<typeof onFlow>
beforeAll(async () => {
  world = await accountsWorld()
  flow = onFlow(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const changes = async (token: string) =>
  ((await world.ask('GET', '/sign/v1/changes', { token })).body as { changes: { state: string }[] }).changes
const cancel = (id: string, token: string) => world.ask('DELETE', `/sign/v1/changes/${id}`, { token })
const approve = (id: string, { token, phone }: FlowPerson, digest: string) => {
  const approval = { publicKey: phone.publicKey, signature: phone.signText(`approve:${digest}`) }
  return world.ask('POST', `/sign/v1/changes/${id}/approve`, { token, body: { approval } })
}
const signedIn = (answer: Answered) => {
  expect(answer).toMatchObject({ status: 200 })
  return (answer.body as { signature: { keyId: number; signature: string } }).signature
}
const blocks = (count: number) => {
  world.flow.advance(count)
}

/** Somebody who wants a recovery key on the account, each time on another block. */
async function wanting(name: string) {
  const person = await flow.signUp(name)
  const cloud = newDevice()
  expect(await flow.registerRecovery(person, cloud)).toMatchObject({ status: 200 })
  const ask = async (more: Partial<FlowTransaction> = {}) => {
    blocks(1)
    const transaction = { ...(await flow.changeOf(person, addition(cloud), person.phone)), ...more }
    return { transaction, answer: await flow.cosign(person.token, payloadOf(transaction)) }
  }
  return { person, cloud, ask }
}

describe('two-factor on Flow', () => {
  test('lets a device in by a transaction that its other device ran, once', minute, async () => {
    const [ann, eve] = [await flow.signUp('ann'), await flow.signUp('eve')]
    const tablet = newDevice()
    const begun = await flow.begin(ann, tablet)
    const say = (token: string, txId: string) =>
      world.ask('POST', `/device/v1/2fa/${begun.id}/approve`, { token, body: { txId } })
    const finish = (token = begun.token) =>
      world.ask('POST', '/auth/v1/signin/2fa/finish', { token, body: { twoFactorAuthRequestId: begun.id } })
    const transaction = await flow.transactionOf(ann, { script: begun.cadence, by: ann.phone })
    // Of another account: her address, and her device, beside what was asked for.
    const eves = await flow.transactionOf(eve, { script: begun.cadence, by: eve.phone })
    expect(await flow.cosign(ann.token, payloadOf(eves))).toMatchObject({ error: 'Forbidden' })
    expect(await flow.cosign(eve.token, payloadOf(transaction))).toMatchObject({ error: 'Forbidden' })
    expect(await finish()).toMatchObject({ error: 'TwoFactorPending' })
    expect(await say(ann.token, 'ab'.repeat(32))).toMatchObject({ error: 'InvalidRequest' })

    const paid = await flow.paid(ann, transaction, await flow.cosign(ann.token, payloadOf(transaction)))
    world.flow.lag(5)
    const txId = await flow.run(paid)
    expect(await say(ann.token, txId)).toMatchObject({ error: 'TwoFactorPending' })
    world.flow.lag(0)
    expect(await say(eve.token, txId)).toMatchObject({ status: 404 })
    expect(await say(ann.token, txId)).toMatchObject({ status: 204 })
    expect(await say(ann.token, txId)).toMatchObject({ status: 204 })
    expect(await finish(eve.token)).toMatchObject({ status: 401 })
    const finished = await finish()
    expect(finished).toMatchObject({ status: 200, body: { account: { id: ann.accountId } } })
    expect(await finish()).toMatchObject({ error: 'InvalidRequest' })
    const { accessToken } = (finished.body as { credentials: { accessToken: string } }).credentials
    expect(await flow.keysOf(accessToken)).toContainEqual(
      expect.objectContaining({ publicKey: tablet.publicKey, state: 'active' }),
    )
    expect(await flow.signersOf(ann)).toContain(tablet.publicKey)
  })

  test('believes no transaction that succeeded and did something else', minute, async () => {
    const bob = await flow.signUp('bob')
    const [tablet, other] = [newDevice(), newDevice()]
    const [asked, begun] = [await flow.begin(bob, other), await flow.begin(bob, tablet)]
    const txId = await flow.cosignAndRun(bob, await flow.transactionOf(bob, { script: asked.cadence, by: bob.phone }))
    expect(
      await world.ask('POST', `/device/v1/2fa/${begun.id}/approve`, { token: bob.token, body: { txId } }),
    ).toMatchObject({ error: 'InvalidRequest' })
    expect(await flow.signersOf(bob)).not.toContain(tablet.publicKey)
  })
})

describe('a change of signers on Flow', () => {
  test('waits its three days to the end, and is signed for that change alone', minute, async () => {
    const { person: cat, cloud, ask } = await wanting('cat')
    const { id } = heldIn((await ask()).answer)
    await world.pass('71 hours 59 minutes')
    expect(heldIn((await ask()).answer).id).toBe(id)
    expect(await flow.signersOf(cat)).not.toContain(cloud.publicKey)
    await world.pass('2 minutes')
    const other = newDevice()
    await flow.registerRecovery(cat, other)
    const another = await flow.changeOf(cat, addition(other), cat.phone)
    expect(heldIn(await flow.cosign(cat.token, payloadOf(another))).id).not.toBe(id)

    const { transaction, answer } = await ask()
    const first = signedIn(answer)
    // The same bytes once more, as where the first answer was lost: they are signed, and nothing waits anew.
    const again = await flow.cosign(cat.token, payloadOf(transaction))
    expect(signedIn(again).keyId).toBe(first.keyId)
    // Our signature alone is of no use, nor is it of use for other bytes.
    const { address } = transaction.proposalKey
    const ours = { address, keyId: first.keyId, sig: first.signature }
    const bare = { ...transaction, payloadSigs: [ours] }
    expect(await flow.pay(cat.token, envelopeOf(bare))).toMatchObject({ error: 'InvalidRequest' })
    const theirs = (payload: string) => ({ address, keyId: 1, sig: cat.phone.sign(fromHex(payload)) })
    const changed = { ...transaction, computeLimit: 998 }
    const whole = { ...changed, payloadSigs: [ours, theirs(payloadOf(changed))] }
    expect(await flow.pay(cat.token, envelopeOf(whole))).toMatchObject({ error: 'InvalidRequest' })
    await flow.run(await flow.paid(cat, transaction, answer))
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await flow.keysOf(cat.token)).toContainEqual(
        expect.objectContaining({ publicKey: cloud.publicKey, state: 'active' }),
      )
    }, soon)
    expect((await changes(cat.token)).map(({ state }) => state).toSorted()).toEqual(['held', 'signed'])
    // Used up: what it added is taken away after a hold of its own.
    heldIn(await flow.cosign(cat.token, payloadOf(await flow.changeOf(cat, removal(cloud), cat.phone))))
    expect(await flow.cosign(cat.token, payloadOf(transaction))).toMatchObject({ error: 'InvalidRequest' })
  })

  test('is cancelled by another device, and approved by another key, at once', minute, async () => {
    const { person: dan, cloud, ask } = await wanting('dan')
    const second = await flow.secondDevice(dan)
    const eve = await flow.signUp('eves')
    const { id } = heldIn((await ask()).answer)
    expect(await cancel(id, eve.token)).toMatchObject({ status: 404 })
    expect(await cancel(id, second.token)).toMatchObject({ status: 204 })
    await world.pass('4 days')
    const again = heldIn((await ask()).answer)
    expect(again.id).not.toBe(id)
    await world.pass('4 days')
    // Told no once, its hold alone is not enough for a month.
    heldIn((await ask()).answer)
    expect(await approve(again.id, dan, again.digest)).toMatchObject({ error: 'Forbidden' })
    expect(await approve(again.id, eve, again.digest)).toMatchObject({ status: 404 })
    expect(await approve(again.id, second, 'ab'.repeat(32))).toMatchObject({ error: 'InvalidSignature' })
    expect(await approve(again.id, second, again.digest)).toMatchObject({ status: 200 })
    const { transaction, answer } = await ask()
    await flow.run(await flow.paid(dan, transaction, answer))
    expect(await flow.signersOf(dan)).toContain(cloud.publicKey)
  })
})

describe('on Flow, a change that was signed', () => {
  /** Signed after its hold; how it is asked for again. */
  async function signedOnce(name: string) {
    const wish = await wanting(name)
    heldIn((await wish.ask()).answer)
    await world.pass('73 hours')
    const { transaction, answer } = await wish.ask()
    signedIn(answer)
    const [change] = (await world.ask('GET', '/sign/v1/changes', { token: wish.person.token })).body[
      'changes'
    ] as unknown as [{ id: string }]
    return { ...wish, transaction, answer, id: change.id }
  }

  test('and never ran is signed anew once it cannot run any more, and not before', minute, async () => {
    const { person, cloud, transaction, answer, ask } = await signedOnce('fay')
    const { whole } = await flow.paid(person, transaction, answer)
    blocks(599)
    expect((await ask()).answer).toMatchObject({ status: 202 })
    blocks(10)
    const anew = await ask()
    expect(signedIn(anew.answer).keyId).toBe(0)
    await flow.run(await flow.paid(person, anew.transaction, anew.answer))
    expect(await flow.signersOf(person)).toContain(cloud.publicKey)
    // What was signed first is of no use to anybody now.
    expect(await flow.pay(person.token, envelopeOf(whole))).toMatchObject({ error: 'InvalidRequest' })
  })

  test('and failed on the chain is signed anew at once', minute, async () => {
    const { person, cloud, transaction, answer, ask } = await signedOnce('gil')
    const paid = await flow.paid(person, transaction, answer)
    // Something else uses its number up first.
    const asked = await flow.begin(person, newDevice())
    await flow.cosignAndRun(person, await flow.transactionOf(person, { script: asked.cadence, by: person.phone }))
    // Paid for, and not known to have failed: somebody may have it still.
    expect((await ask()).answer).toMatchObject({ status: 202 })
    await flow.run(paid)
    expect(world.flow.outcomes().at(-1)?.error).toContain('sequence number')
    const anew = await ask()
    await flow.run(await flow.paid(person, anew.transaction, anew.answer))
    expect(await flow.signersOf(person)).toContain(cloud.publicKey)
  })

  test('is not signed anew after a device said no', minute, async () => {
    const { person, transaction, ask, id } = await signedOnce('hal')
    expect(await cancel(id, person.token)).toMatchObject({ status: 204 })
    expect(await flow.cosign(person.token, payloadOf(transaction))).toMatchObject({ status: 202 })
    blocks(610)
    expect(heldIn((await ask()).answer).id).not.toBe(id)
  })

  test('is not signed anew where its hold is made up past us', minute, async () => {
    const { person, id } = await signedOnce('ida')
    blocks(610)
    const other = await wanting('joe')
    heldIn((await other.ask()).answer)
    await world.owner.run(sql`
      update chain_accounts.signer_changes as c
         set state = 'signed', approval = s.approval, ended_at = s.ended_at
        from chain_accounts.signer_changes as s where s.id = ${id} and c.account_id = ${other.person.accountId}`)
    await world.owner.run(sql`
      update chain_accounts.relayed set account_id = ${other.person.accountId},
             change_id = (select id from chain_accounts.signer_changes where account_id = ${other.person.accountId})
       where account_id = ${person.accountId}`)
    expect((await other.ask()).answer).toMatchObject({ status: 500 })
  })
})
