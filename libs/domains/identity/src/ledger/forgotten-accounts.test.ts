import { randomBytes } from 'node:crypto'
import { type Query, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { add, ledgerSigner, type LedgerWorld, ledgerWorld, outcomeOf, transactionOf } from '../../test/ledger-world.ts'
import { recoverySteps } from '../../test/recovery-steps.ts'
import { signerOf } from '../../test/transaction-signers.ts'
import type { TransactionSigner } from './cosign.ts'
import { LedgerUnavailable } from './ledger.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const { asked } = recoverySteps(() => world)
const counted = z.object({ count: z.int() })
const newKey = (): TransactionSigner => signerOf(randomBytes(32))
const past = (query: Query) => world.owner.run(query)
const keysOf = async (account: Pick<TransactionSigner, 'keyId'>) =>
  (await world.ledger.signersOf(account.keyId))?.map(({ key }) => key)

async function forgotten(): Promise<TransactionSigner> {
  const account = await world.account()
  await world.ledger.forgetAccount(account.keyId)
  return account
}

const expectTaken = async ({ keyId: account }: Pick<TransactionSigner, 'keyId'>) => {
  for (const signers of [[ledgerSigner({ keyId: account })], [ledgerSigner(newKey())], []])
    expect(await world.ledger.createAccount({ account, signers })).toBe('taken')
  expect(await world.ledger.adoptAccount({ account, signers: [ledgerSigner(newKey())], others: 'go' })).toBe('taken')
}

test('an account that is forgotten is gone, and its name is never given out again', async () => {
  const owner = await world.account()
  const envelope = await transactionOf({ source: owner, operations: [add(newKey())], signers: [owner] })
  await world.ledger.submit(envelope)
  await world.ledger.beginKycRecovery({ account: owner.keyId, signer: newKey().keyId })
  for (const _ of ['once', 'again']) await world.ledger.forgetAccount(owner.keyId)

  expect(await keysOf(owner)).toBeUndefined()
  await expectTaken(owner)
  const [begun, cancelled] = await Promise.all([
    world.ledger.beginKycRecovery({ account: owner.keyId, signer: newKey().keyId }),
    world.ledger.cancelKycRecovery({ account: owner.keyId, signer: newKey().keyId }),
  ])
  expect([begun, cancelled]).toEqual(['refused', 'cancelled'])
  const wish = { source: owner, operations: [add(newKey())], signers: [owner] }
  expect(await outcomeOf(world.ledger, wish)).toBe('tx_no_account')
  // What was applied before was applied.
  expect(await world.ledger.submit(envelope)).toMatchObject({ outcome: 'applied' })
  expect(await keysOf(owner)).toBeUndefined()
})

test('its signers and what recoveries asked for it go with it', async () => {
  const { account, wish } = await asked()
  await world.ledger.cancelKycRecovery(wish)
  const requests = () => world.ledger.recoveryRequests({ account: account.keyId, skip: 0, most: 5 })
  expect(await requests()).toHaveLength(1)
  await world.ledger.forgetAccount(account.keyId)
  expect(await requests()).toEqual([])
  const left = sql`select count(*)::int as count from identity.ledger_signers where account = ${account.keyId}`
  expect(await world.owner.one(counted, left)).toEqual({ count: 0 })
})

test('so is one of nobody’s, which could be paid', async () => {
  const account = newKey()
  await world.ledger.createAccount({ account: account.keyId, signers: [] })
  await world.ledger.forgetAccount(account.keyId)
  expect(await keysOf(account)).toBeUndefined()
  await expectTaken(account)
})

test('what was never there is not forgotten', async () => {
  const account = newKey().keyId
  await world.ledger.forgetAccount(account)
  expect(await world.ledger.createAccount({ account, signers: [ledgerSigner(newKey())] })).toBe('created')
})

test('of those who forget, change and make it at once, all are answered, and it stays forgotten', async () => {
  const owner = await world.account()
  const wish = { source: owner, operations: [add(newKey())], signers: [owner] }
  await Promise.all([
    world.ledger.forgetAccount(owner.keyId),
    world.open().forgetAccount(owner.keyId),
    outcomeOf(world.ledger, wish),
    world.ledger.createAccount({ account: owner.keyId, signers: [ledgerSigner(newKey())] }),
  ])
  expect(await keysOf(owner)).toBeUndefined()
  await expectTaken(owner)
})

test('it is forgotten together with what is kept for it, or not at all', async () => {
  const owner = await world.account()
  const failing = world.open({ dropKept: () => Promise.reject(new LedgerUnavailable()) })
  await expect(failing.forgetAccount(owner.keyId)).rejects.toBeInstanceOf(LedgerUnavailable)
  expect(await keysOf(owner)).toEqual([owner.keyId])
  const dropped: string[] = []
  const dropping = world.open({
    dropKept: async (_, account) => {
      dropped.push(account)
    },
  })
  await dropping.forgetAccount(owner.keyId)
  await dropping.forgetAccount(owner.keyId)
  expect(dropped).toEqual([owner.keyId])
})

test('a mark that SQL wrote forgets nothing, not even one that was copied, and is told', async () => {
  const [gone, one, other] = [await forgotten(), await world.account(), await world.account()]
  await past(sql`update identity.ledger_accounts set forgotten = ${randomBytes(32)} where account = ${one.keyId}`)
  await past(sql`
    update identity.ledger_accounts
       set forgotten = (select forgotten from identity.ledger_accounts where account = ${gone.keyId})
     where account = ${other.keyId}`)
  for (const account of [one, other]) {
    expect(await keysOf(account)).toEqual([account.keyId])
    const { count } = await world.owner.one(
      counted,
      sql`select count(*)::int as count from audit.events
           where subject = ${account.keyId} and event = 'identity.ledger-row-forged' and detail->>'kind' = 'forgotten'`,
    )
    expect(count).toBe(1)
  }
})

test('one that SQL took away leaves a name that is nobody’s, and nobody gets', async () => {
  const account = await forgotten()
  await past(sql`update identity.ledger_accounts set forgotten = null where account = ${account.keyId}`)
  expect(await keysOf(account)).toEqual([])
  await expectTaken(account)
})
