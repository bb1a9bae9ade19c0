import type { OperationBody } from '@strongroom/identity'
import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeBody, newPassword, swap, updating } from './changes.ts'
import { refused, startIdentityStorage, told, type World, wrong } from './client.ts'
import { passing } from './demands.ts'
import { newWallet, type Owner } from './owners.ts'
import { adding, badAuth, envelopeOf, type EnvelopeWish, rejection, removing, signersOf } from './transactions.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const open = ({ walletId }: Pick<Owner, 'walletId'>) => world.ask({ path: `/wallets/${walletId}` })
/** The wallet opens by that id, and that key alone signs for its account. */
async function expectUnchanged(owner: Owner, next: Pick<Owner, 'walletId'>): Promise<void> {
  expect([(await open(owner)).status, told(await open(next))]).toEqual([200, refused(404)])
  expect(await signersOf(world.ask, owner.accountId)).toEqual([owner.signer.keyId])
  // Its new id is free.
  await newWallet(world, { walletId: next.walletId })
}

describe('a change that the ledger rejects', () => {
  const tooLate = 'The transaction is valid no more, or would be for longer than transactions may be.'
  const cases: readonly [string, (owner: Owner, next: Owner) => Partial<EnvelopeWish>, object][] = [
    ['is over', () => ({ validity: -1 }), rejection('tx_too_late', [], [tooLate])],
    ['is of another network', () => ({ network: 'Another Network' }), badAuth],
    ['is signed by the new key', (_, { signer }) => ({ signers: [signer] }), badAuth],
    ['is signed by nobody', () => ({ signers: [] }), badAuth],
    [
      'removes whom nobody knows',
      (_, { signer }) => ({ operations: [adding(signer.keyId), removing(signerOf(newSeed()).keyId)] }),
      rejection(
        'tx_failed',
        ['op_success', 'op_not_found'],
        ['The operation is good.', 'There is nothing of this name.'],
      ),
    ],
    [
      'has no operation',
      (owner) => ({ operations: [], source: owner.accountId }),
      rejection('tx_missing_operation', [], ['The transaction has no operation.']),
    ],
  ]
  test.each(cases)(
    'as its transaction %s: told by its result codes, and nothing has changed',
    async (_, more, result) => {
      const owner = await newWallet(world)
      const next = newPassword(owner)
      const wish = {
        source: owner.accountId,
        operations: [adding(next.signer.keyId), removing(owner.signer.keyId)],
        signers: [owner.signer],
      }
      const envelope = await envelopeOf(world.ask, { ...wish, ...more(owner, next) })
      // The key that signs now stands for the wallet's: what a transaction without the new one would leave.
      const body = changeBody(next, envelope, { account_id: undefined })
      expect(told(await passing(world, updating(owner, body), { password: owner.factor }))).toEqual(
        refused(400, result),
      )
      await expectUnchanged(owner, next)
    },
  )
})

const request = (account: string): OperationBody => ({
  type: 'create-kyc-recovery-request',
  requestId: 0n,
  account,
  signers: [],
  creatorDetails: '{}',
  allTasks: undefined,
})

describe('a change whose transaction', () => {
  const other = signerOf(newSeed())
  const ofAnother = 'the transaction is of another account'
  const more = 'the transaction does more than change signers'
  const cases: readonly [string, (owner: Owner) => Partial<EnvelopeWish>, string][] = [
    ['is of another account', () => ({ source: other.keyId, signers: [other] }), ofAnother],
    ['has an operation of another account', () => ({ operationSource: other.keyId }), ofAnother],
    ['asks for a KYC recovery', ({ accountId }) => ({ operations: [request(accountId)] }), more],
    [
      'lets a key in',
      ({ accountId: account }) => ({ operations: [{ type: 'initiate-kyc-recovery', account, signer: other.keyId }] }),
      more,
    ],
    [
      'does that beside changing signers',
      ({ accountId }) => ({ operations: [adding(other.keyId), request(accountId)] }),
      more,
    ],
  ]
  test.each(cases)('%s is refused before any factor is demanded', async (_, changed, error) => {
    const owner = await newWallet(world)
    const next = newPassword(owner)
    const wish = {
      source: owner.accountId,
      operations: [adding(next.signer.keyId), removing(owner.signer.keyId)],
      signers: [owner.signer],
    }
    const body = changeBody(next, await envelopeOf(world.ask, { ...wish, ...changed(owner) }))
    expect(told(await world.ask(updating(owner, body)))).toEqual(wrong('/included', error))
    await expectUnchanged(owner, next)
  })

  test.each([
    ['not-base64', 'AAA...AAAA'],
    ['truncated', 'AAAAAA=='],
  ])('does not decode is refused, and told why: %s', async (fault, envelope) => {
    const owner = await newWallet(world)
    const next = newPassword(owner)
    const answer = await world.ask(updating(owner, changeBody(next, envelope)))
    expect(told(answer)).toEqual(wrong('/included', `the envelope does not decode: ${fault}`))
  })

  test('leaves the wallet’s key without a say is refused', async () => {
    const owner = await newWallet(world)
    const next = newPassword(owner)
    const body = changeBody(next, await swap(world, owner, { signer: other }))
    const field = '/data/attributes/account_id'
    for (const key of [next.signer.keyId, owner.signer.keyId]) {
      const brought = { ...body, data: { ...body.data, attributes: { ...body.data.attributes, account_id: key } } }
      expect(told(await world.ask(updating(owner, brought)))).toEqual(
        wrong(field, 'does not sign after the transaction'),
      )
    }
  })
})
