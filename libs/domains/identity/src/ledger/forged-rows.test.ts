import { randomBytes } from 'node:crypto'
import { fromHex } from '@strongroom/crypto'
import { type Query, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import {
  add,
  admins,
  type LedgerWorld,
  ledgerWorld,
  master,
  outcomeOf,
  remove,
  signerData,
  transactionOf,
} from '../../test/ledger-world.ts'
import { signerOf } from '../../test/transaction-signers.ts'
import { isOwner } from './authority.ts'
import type { TransactionSigner } from './cosign.ts'
import type { OperationBody } from './operations.ts'
import { writeRequest } from './recovery-request.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const newKey = (): TransactionSigner => signerOf(randomBytes(32))
const past = (query: Query) => world.owner.run(query)
const owns = (account: TransactionSigner, key: TransactionSigner) =>
  isOwner(world.ledger, { account: account.keyId, key: key.keyId })
const keysOf = async (account: TransactionSigner) =>
  ((await world.ledger.signersOf(account.keyId)) ?? []).map(({ key }) => key)
const rotate = (account: TransactionSigner, signer: TransactionSigner, ...operations: OperationBody[]) =>
  outcomeOf(world.ledger, { source: account, operations, signers: [signer] })

const event = z.object({ detail: z.object({ kind: z.string(), row: z.string() }) })
const forgedOf = (account: TransactionSigner) =>
  world.owner.many(
    event,
    sql`select detail from audit.events where subject = ${account.keyId} and event = 'identity.ledger-row-forged'`,
  )

const keep = (account: TransactionSigner) =>
  past(sql`
    create table if not exists identity.kept as select * from identity.ledger_signers where false`).then(() =>
    past(sql`insert into identity.kept select * from identity.ledger_signers where account = ${account.keyId}`),
  )

test('a signer’s row that is copied to another account signs for nobody, and is told once', async () => {
  const [thief, victim] = [await world.account(), await world.account()]
  await past(sql`
    insert into identity.ledger_signers
    select ${victim.keyId}, key, weight, role, identity, details, stamp
      from identity.ledger_signers where account = ${thief.keyId}`)
  expect(await owns(victim, thief)).toBe(false)
  expect(await rotate(victim, thief, remove(victim))).toBe('tx_bad_auth')
  expect(await keysOf(victim)).toEqual([victim.keyId])
  const told = [{ detail: { kind: 'signer', row: thief.keyId } }]
  expect(await forgedOf(victim)).toEqual(told)
  expect(await keysOf(victim)).toEqual([victim.keyId])
  expect(await forgedOf(victim)).toEqual(told)
})

test('nor does it with the other account’s version', async () => {
  const [thief, victim] = [await world.account(), await world.account()]
  await past(sql`
    update identity.ledger_accounts
       set version = (select version from identity.ledger_accounts where account = ${thief.keyId})
     where account = ${victim.keyId}`)
  await past(sql`
    insert into identity.ledger_signers
    select ${victim.keyId}, key, weight, role, identity, details, stamp
      from identity.ledger_signers where account = ${thief.keyId}`)
  expect(await owns(victim, thief)).toBe(false)
  expect(await keysOf(victim)).toEqual([])
})

test.each([
  ['weight', sql`weight = 1000`],
  ['role', sql`role = 2`],
  ['identity', sql`identity = 7`],
  ['details', sql`details = '[]'`],
])('a %s that SQL changed takes the row out', async (_, change) => {
  const other = newKey()
  const account = await world.account()
  const weak = add(other, { weight: 1, role: 1, identity: 2 })
  expect(await rotate(account, account, weak)).toBe('applied')
  await past(sql`
    update identity.ledger_signers set ${change} where account = ${account.keyId} and key = ${other.keyId}`)
  expect(await keysOf(account)).toEqual([account.keyId])
  expect(await rotate(account, other, remove(account))).toBe('tx_bad_auth')
})

test('a key that SQL put in the place of another owns nothing', async () => {
  const [account, thief] = [await world.account(), newKey()]
  await past(sql`update identity.ledger_signers set key = ${thief.keyId} where account = ${account.keyId}`)
  expect([await owns(account, thief), await owns(account, account)]).toEqual([false, false])
})

test('a row of before, put back after the signers changed, counts no more', async () => {
  const [account, next] = [await world.account(), newKey()]
  await keep(account)
  expect(await rotate(account, account, add(next), remove(account))).toBe('applied')
  await past(sql`insert into identity.ledger_signers select * from identity.kept where account = ${account.keyId}`)
  expect([await owns(account, account), await owns(account, next)]).toEqual([false, true])
  expect(await rotate(account, account, add(newKey()))).toBe('tx_bad_auth')
  expect(await rotate(account, next, add(newKey()))).toBe('applied')
  const left = await world.owner.many(
    z.object({ key: z.string() }),
    sql`select key from identity.ledger_signers where account = ${account.keyId} and key = ${account.keyId}`,
  )
  expect(left).toEqual([])
})

test('with the version of before too, it is the whole of before or nothing of it', async () => {
  const [account, next] = [await world.account(), newKey()]
  await keep(account)
  const { version } = await world.owner.one(
    z.object({ version: z.uuid() }),
    sql`select version from identity.ledger_accounts where account = ${account.keyId}`,
  )
  expect(await rotate(account, account, add(next), remove(account))).toBe('applied')
  await past(sql`insert into identity.ledger_signers select * from identity.kept where account = ${account.keyId}`)
  await past(sql`update identity.ledger_accounts set version = ${version} where account = ${account.keyId}`)
  expect(await keysOf(account)).toEqual([account.keyId])
})

test('an account that SQL made has no signers, and no transactions', async () => {
  const [account, thief] = [newKey(), newKey()]
  await past(sql`
    insert into identity.ledger_accounts (account, role, version) values (${account.keyId}, 3, gen_random_uuid())`)
  await past(sql`
    insert into identity.ledger_signers values (${account.keyId}, ${thief.keyId}, 1000, 2, 1, '{}', ${randomBytes(32)})`)
  expect(await world.ledger.signersOf(account.keyId)).toEqual([])
  expect(await rotate(account, thief, add(newKey()))).toBe('tx_bad_auth')
})

const [admin] = admins
const ask = (account: TransactionSigner, key: TransactionSigner): OperationBody => ({
  type: 'create-kyc-recovery-request',
  requestId: 0n,
  account: account.keyId,
  signers: [signerData(key)],
  creatorDetails: '{}',
  allTasks: undefined,
})

async function approve(account: TransactionSigner, { id, hash }: { id: number; hash: string }) {
  const operations: OperationBody[] = [
    {
      type: 'review-request',
      requestId: BigInt(id),
      requestHash: hash,
      action: 'approve',
      reason: '',
      details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '' },
    },
  ]
  const answer = await outcomeOf(world.ledger, { source: master, operations, signers: [admin] })
  return [answer, await keysOf(account)]
}

const requestsOf = (account: TransactionSigner) =>
  world.ledger.recoveryRequests({ account: account.keyId, skip: 0, most: 5 })

test('a request that SQL changed or made is not shown, and nobody approves it', async () => {
  const [account, key, thief] = [await world.account(), newKey(), newKey()]
  await world.ledger.beginKycRecovery({ account: account.keyId, signer: key.keyId })
  expect(await rotate(account, key, ask(account, key))).toBe('applied')
  const [listed] = await requestsOf(account)
  if (!listed) throw new Error('nothing is asked')
  const swapped = writeRequest({ ...listed.request, signers: [signerData(thief)] })
  await past(sql`update identity.ledger_recoveries set request = ${swapped} where account = ${account.keyId}`)
  expect(await requestsOf(account)).toEqual([])
  expect(await approve(account, listed)).toEqual([['op_not_found'], await keysOf(account)])
  expect(await owns(account, thief)).toBe(false)
  expect(await forgedOf(account)).toEqual([{ detail: { kind: 'recovery', row: String(listed.id) } }])
  await past(sql`update identity.ledger_recoveries set request = ${randomBytes(50)} where account = ${account.keyId}`)
  expect(await requestsOf(account)).toEqual([])
  const second = newKey()
  expect(await world.ledger.beginKycRecovery({ account: account.keyId, signer: second.keyId })).toBe('begun')
  expect((await keysOf(account)).toSorted()).toEqual([account.keyId, second.keyId].toSorted())
})

test('a recovery that SQL took out leaves a key that signs no more than before, and that its owner removes', async () => {
  const [account, key] = [await world.account(), newKey()]
  await world.ledger.beginKycRecovery({ account: account.keyId, signer: key.keyId })
  await past(sql`delete from identity.ledger_recoveries where account = ${account.keyId}`)
  expect([await owns(account, key), await rotate(account, key, add(newKey()))]).toEqual([false, 'tx_bad_auth'])
  expect(await rotate(account, account, add(newKey()))).toBe('applied')
  expect(await rotate(account, account, remove(key))).toBe('applied')
  expect(await keysOf(account)).toHaveLength(2)
})

test('a request of another account, copied, is not this one’s', async () => {
  const [account, victim, key] = [await world.account(), await world.account(), newKey()]
  expect(await rotate(account, account, ask(account, key))).toBe('applied')
  const [listed] = await requestsOf(account)
  if (!listed) throw new Error('nothing is asked')
  await past(sql`update identity.ledger_recoveries set account = ${victim.keyId} where account = ${account.keyId}`)
  expect(await approve(victim, listed)).toEqual([['op_not_found'], [victim.keyId]])
})

test('an approval of another account, copied, keeps nobody from taking a recovery back', async () => {
  const [account, other, key] = [await world.account(), await world.account(), newKey()]
  await world.ledger.beginKycRecovery({ account: account.keyId, signer: key.keyId })
  expect(await rotate(account, key, ask(account, newKey()))).toBe('applied')
  const [listed] = await requestsOf(account)
  if (!listed) throw new Error('nothing is asked')
  expect((await approve(account, listed))[0]).toBe('applied')
  const withdrawn = (from: TransactionSigner) =>
    world.ledger.cancelKycRecovery({ account: from.keyId, signer: key.keyId })
  expect(await withdrawn(account)).toBe('refused')
  await past(sql`update identity.ledger_recoveries set account = ${other.keyId} where account = ${account.keyId}`)
  expect([await withdrawn(account), await withdrawn(other)]).toEqual(['cancelled', 'cancelled'])
})

test('a transaction that SQL says was applied is not believed, and is applied', async () => {
  const [account, next] = [await world.account(), newKey()]
  const envelope = await transactionOf({ source: account, operations: [add(next)], signers: [account] })
  const applied = await world.ledger.submit(envelope)
  if (applied.outcome !== 'applied') throw new Error('it must be applied first')
  const hash = fromHex(applied.transaction.hash)
  await past(sql`update identity.ledger_transactions set result = 'AAAA' where hash = ${hash}`)
  expect(await world.ledger.submit(envelope)).toMatchObject({ operationCodes: ['op_already_exists'] })
  await world.ledger.submit(await transactionOf({ source: account, operations: [remove(next)], signers: [account] }))
  expect(await world.ledger.submit(envelope)).toMatchObject({ outcome: 'applied', transaction: { envelope } })
  expect(await owns(account, next)).toBe(true)
  expect(await forgedOf(account)).toEqual([{ detail: { kind: 'transaction', row: applied.transaction.hash } }])
})
