import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  add,
  admins,
  codesOf,
  ledgerSigner,
  type LedgerWorld,
  ledgerWorld,
  master,
  outcomeOf,
  remove,
  signerData,
  transactionOf,
  type TransactionWish,
  update,
} from '../../test/ledger-world.ts'
import { signerOf } from '../../test/transaction-signers.ts'
import { isOwner, standingOf } from './authority.ts'
import type { TransactionSigner } from './cosign.ts'
import { keyValues, RECOVERY_ROLE } from './ledger.ts'
import type { OperationBody, RecoveryWish, Review } from './operations.ts'
import type { ListedRequest } from './recovery-list.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const [admin, secondAdmin] = admins
const newKey = (): TransactionSigner => signerOf(randomBytes(32))
const outcome = (wish: TransactionWish) => outcomeOf(world.ledger, wish)
const keysOf = async (account: TransactionSigner) =>
  ((await world.ledger.signersOf(account.keyId)) ?? []).map(({ key }) => key)
const standing = (account: TransactionSigner, key: TransactionSigner) =>
  standingOf(world.ledger, { account: account.keyId, key: key.keyId })

const ask = (account: TransactionSigner, signers: RecoveryWish['signers'], of: Partial<RecoveryWish> = {}): OperationBody => ({
  type: 'create-kyc-recovery-request',
  requestId: 0n,
  account: account.keyId,
  signers,
  creatorDetails: '{"blob_id":"B"}',
  allTasks: undefined,
  ...of,
})
const review = ({ id, hash }: ListedRequest, of: Partial<Review> = {}): OperationBody => ({
  type: 'review-request',
  requestId: BigInt(id),
  requestHash: hash,
  action: 'approve',
  reason: '',
  details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{}' },
  ...of,
})
const byAdmin = (...operations: OperationBody[]) => outcome({ source: master, operations, signers: [admin] })

async function requestOf(account: TransactionSigner): Promise<ListedRequest> {
  const [found] = await world.ledger.recoveryRequests({ account: account.keyId, skip: 0, most: 5 })
  if (!found) throw new Error('nothing is asked')
  return found
}

/** An account whose owner is lost, and a key that its mail let in. */
async function begun() {
  const account = await world.account()
  const key = newKey()
  const wish = { account: account.keyId, signer: key.keyId }
  expect(await world.ledger.beginKycRecovery(wish)).toBe('begun')
  return { account, key, wish }
}

async function asked() {
  const { account, key, wish } = await begun()
  const operations = [ask(account, [signerData(key)])]
  expect(await outcome({ source: account, operations, signers: [key] })).toBe('applied')
  return { account, key, wish, request: await requestOf(account) }
}

test('a key that a recovery let in is no owner; begun again, it is begun once', async () => {
  const { account, key, wish } = await begun()
  expect(await world.ledger.beginKycRecovery(wish)).toBe('begun')
  expect(await keysOf(account)).toHaveLength(2)
  expect([await standing(account, account), await standing(account, key)]).toEqual(['owner', 'recovering'])
})

test('it signs a request for new signers, and nothing else', async () => {
  const { account, key } = await begun()
  const by = (signers: TransactionSigner[], ...operations: OperationBody[]) =>
    outcome({ source: account, operations, signers })
  const request = ask(account, [signerData(key)])
  expect(await by([key], add(newKey()))).toBe('tx_bad_auth')
  expect(await by([key], remove(account))).toBe('tx_bad_auth')
  expect(await by([key], request, add(newKey()))).toBe('tx_bad_auth')
  expect(await by([account, key], add(newKey()))).toBe('tx_bad_auth_extra')
  expect(await by([key], request)).toBe('applied')
  expect(await standing(account, key)).toBe('recovering')
})

test('approved, the signers that were asked for take the place of all others', async () => {
  const { account, key, wish, request } = await asked()
  expect(request).toMatchObject({ account: account.keyId, state: 'requested', request: { sequence: 0 } })
  expect(await byAdmin(review(request))).toBe('applied')
  expect(await keysOf(account)).toEqual([key.keyId])
  expect([await standing(account, account), await standing(account, key)]).toEqual([undefined, 'owner'])
  expect(await world.ledger.cancelKycRecovery(wish)).toBe('refused')
  expect(await world.ledger.beginKycRecovery(wish)).toBe('refused')
  expect(await byAdmin(review(request))).toEqual(['op_not_found'])
  expect(await requestOf(account)).toMatchObject({ state: 'approved' })
})

test('approved with other keys, the key that was let in goes, and cannot be taken back any more', async () => {
  const { account, wish, key } = await begun()
  const next = newKey()
  const operations = [ask(account, [signerData(next), signerData(newKey(), { role: RECOVERY_ROLE })])]
  expect(await outcome({ source: account, operations, signers: [key] })).toBe('applied')
  expect(await byAdmin(review(await requestOf(account)))).toBe('applied')
  expect(await standing(account, key)).toBeUndefined()
  expect(await standing(account, next)).toBe('owner')
  expect(await world.ledger.cancelKycRecovery(wish)).toBe('refused')
})

test('nobody but an administrator reviews', async () => {
  const { account, key, request } = await asked()
  const by = (source: TransactionSigner, signers: TransactionSigner[]) =>
    outcome({ source, operations: [review(request)], signers })
  expect(await by(account, [account])).toEqual(['op_not_found'])
  expect(await by(account, [key])).toBe('tx_bad_auth')
  expect(await by(master, [account])).toBe('tx_bad_auth')
  expect(await by(master, [master])).toBe('tx_bad_auth')
  expect(await by(master, [admin, secondAdmin])).toBe('applied')
})

test('what was changed after it was seen is not approved', async () => {
  const { account, key, request } = await asked()
  const thief = newKey()
  const change = ask(account, [signerData(thief)], { requestId: BigInt(request.id) })
  expect(await outcome({ source: account, operations: [change], signers: [key] })).toBe('applied')
  expect(await byAdmin(review(request))).toEqual(['op_hash_mismatched'])
  expect(await standing(account, account)).toBe('owner')
  const changed = await requestOf(account)
  expect(changed).toMatchObject({ id: request.id, request: { sequence: 1 } })
  expect(await byAdmin(review(changed))).toBe('applied')
})

test('a rejection leaves the key where it is, to ask again; a permanent one ends the recovery', async () => {
  const { account, key, wish, request } = await asked()
  expect(await byAdmin(review(request, { action: 'reject', reason: 'blurred' }))).toBe('applied')
  expect(await requestOf(account)).toMatchObject({ state: 'rejected', rejectReason: 'blurred' })
  expect(await byAdmin(review(request))).toEqual(['op_not_found'])
  expect(await standing(account, key)).toBe('recovering')
  const again = ask(account, [signerData(key)], { requestId: BigInt(request.id) })
  expect(await outcome({ source: account, operations: [again], signers: [key] })).toBe('applied')
  const second = await requestOf(account)
  expect(await byAdmin(review(second, { action: 'permanent-reject', reason: 'forged' }))).toBe('applied')
  expect(await keysOf(account)).toEqual([account.keyId])
  expect(await requestOf(account)).toMatchObject({ state: 'refused', rejectReason: 'forged' })
  expect(await world.ledger.cancelKycRecovery(wish)).toBe('cancelled')
})

test.each([
  ['a rejection without a reason', { action: 'reject' }, 'op_invalid_reason'],
  ['an approval with one', { reason: 'fine' }, 'op_invalid_reason'],
  ['a reason that no text column holds', { action: 'reject', reason: 'a\u0000b' }, 'op_invalid_reason'],
  ['tasks that are not there', { details: { tasksToAdd: 0, tasksToRemove: 1, externalDetails: '' } }, 'op_removing_not_set_tasks'],
  ['an approval that leaves tasks', { details: { tasksToAdd: 1, tasksToRemove: 0, externalDetails: '' } }, 'op_not_supported'],
  ['details that are no JSON', { details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{' } }, 'op_invalid_external_details'],
  ['another hash', { requestHash: '00'.repeat(32) }, 'op_hash_mismatched'],
  ['another request', { requestId: 4n }, 'op_not_found'],
  ['a request that no number names', { requestId: 2n ** 64n - 1n }, 'op_not_found'],
] as const)('%s is no review', async (_, of, code) => {
  const { account, request } = await asked()
  expect(await byAdmin(review(request, of))).toEqual([code])
  expect(await requestOf(account)).toMatchObject({ state: 'requested' })
})

test('a recovery is taken back: the key signs no more, and what it asked for is gone', async () => {
  const { account, key, wish, request } = await asked()
  expect(await world.ledger.cancelKycRecovery(wish)).toBe('cancelled')
  expect(await world.ledger.cancelKycRecovery(wish)).toBe('cancelled')
  expect(await keysOf(account)).toEqual([account.keyId])
  expect(await byAdmin(review(request))).toEqual(['op_not_found'])
  const operations = [ask(account, [signerData(key)])]
  expect(await outcome({ source: account, operations, signers: [key] })).toBe('tx_bad_auth')
  expect(await world.ledger.beginKycRecovery(wish)).toBe('begun')
})

test('an owner ends a recovery by removing the key, as a changed password does', async () => {
  const { account, key, request } = await asked()
  const next = newKey()
  const operations = [add(next), remove(account), remove(key)]
  expect(await outcome({ source: account, operations, signers: [account] })).toBe('applied')
  expect(await keysOf(account)).toEqual([next.keyId])
  expect(await byAdmin(review(request))).toEqual(['op_not_found'])
  expect(await requestOf(account)).toMatchObject({ state: 'cancelled' })
})

test('an owner does not make an owner of the key by changing its role, nor let a key in', async () => {
  const { account, key } = await begun()
  const by = (...operations: OperationBody[]) => outcome({ source: account, operations, signers: [account] })
  expect(await by(update(key))).toEqual(['op_not_allowed'])
  expect(await by(add(key))).toEqual(['op_already_exists'])
  expect(await by({ type: 'initiate-kyc-recovery', account: account.keyId, signer: newKey().keyId })).toEqual([
    'op_not_allowed',
  ])
  expect(await standing(account, key)).toBe('recovering')
})

test('a second recovery takes the place of the first, with what that had asked', async () => {
  const { account, key, request } = await asked()
  const second = newKey()
  expect(await world.ledger.beginKycRecovery({ account: account.keyId, signer: second.keyId })).toBe('begun')
  expect((await keysOf(account)).toSorted()).toEqual([account.keyId, second.keyId].toSorted())
  expect(await standing(account, key)).toBeUndefined()
  expect(await byAdmin(review(request))).toEqual(['op_not_found'])
  expect(await world.ledger.cancelKycRecovery({ account: account.keyId, signer: key.keyId })).toBe('cancelled')
  expect(await standing(account, second)).toBe('recovering')
})

test('a key that owns the account, or is none, is not let in; nor is any where recovery is switched off', async () => {
  const account = await world.account()
  const begin = (signer: string, ledger = world.ledger) => ledger.beginKycRecovery({ account: account.keyId, signer })
  expect(await begin(account.keyId)).toBe('refused')
  expect(await begin('GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF')).toBe('refused')
  const { ledger } = world
  const signer = newKey().keyId
  expect(await ledger.beginKycRecovery({ account: newKey().keyId, signer })).toBe('refused')
  expect(await ledger.beginKycRecovery({ account: master.keyId, signer })).toBe('refused')
  const off = world.open({ keyValues: { [keyValues.recoveryEnabled]: { type: 'u32', value: 0 } } })
  expect(await begin(signer, off)).toBe('refused')
  expect(await keysOf(account)).toEqual([account.keyId])
  const wish = { source: account, operations: [ask(account, [signerData(newKey())])], signers: [account] }
  const answer = await off.submit(await transactionOf(wish))
  expect(answer.outcome === 'rejected' && codesOf(answer)).toEqual(['op_recovery_not_allowed'])
})

test('another number for the role of recoveries makes no owner of a key that was let in', async () => {
  const { account, key } = await begun()
  const ledger = world.open({ keyValues: { [keyValues.recoverySignerRole]: { type: 'u64', value: 9 } } })
  expect(await isOwner(ledger, { account: account.keyId, key: key.keyId })).toBe(false)
  const wish = { source: account, operations: [add(newKey())], signers: [key] }
  expect(await outcomeOf(ledger, wish)).toBe('tx_bad_auth')
})

test('an administrator begins a recovery by a transaction too', async () => {
  const account = await world.account()
  const key = newKey()
  const begin = (target: TransactionSigner): OperationBody => ({
    type: 'initiate-kyc-recovery',
    account: target.keyId,
    signer: key.keyId,
  })
  expect(await byAdmin(begin(newKey()))).toEqual(['op_no_entry'])
  expect(await byAdmin(begin(master))).toEqual(['op_no_entry'])
  expect(await byAdmin(begin(account))).toBe('applied')
  expect(await standing(account, key)).toBe('recovering')
})

test('an owner may ask as well, and an administrator decides', async () => {
  const account = await world.account()
  const next = newKey()
  const operations = [ask(account, [signerData(next)])]
  expect(await outcome({ source: account, operations, signers: [account] })).toBe('applied')
  expect(await outcome({ source: account, operations, signers: [account] })).toEqual(['op_request_already_exists'])
  expect(await standing(account, next)).toBeUndefined()
  expect(await byAdmin(review(await requestOf(account)))).toBe('applied')
  expect(await keysOf(account)).toEqual([next.keyId])
})

test('a recovery signer of the account asks for nothing', async () => {
  const saver = newKey()
  const account = await world.account((owner) => [ledgerSigner(owner), ledgerSigner(saver, { role: RECOVERY_ROLE })])
  const operations = [ask(account, [signerData(saver)])]
  expect(await outcome({ source: account, operations, signers: [saver] })).toBe('tx_bad_auth')
})

test('what no account could have is not asked for', async () => {
  const { account, key } = await begun()
  const other = await world.account()
  const twin = signerData(newKey())
  const by = (wish: OperationBody) => outcome({ source: account, operations: [wish], signers: [key] })
  const one = [signerData(newKey())]
  expect(await by(ask(account, []))).toEqual(['op_no_signer_data'])
  expect(await by(ask(account, [twin, twin]))).toEqual(['op_signer_duplication'])
  expect(await by(ask(account, [{ ...twin, weight: 1001 }]))).toEqual(['op_invalid_weight'])
  expect(await by(ask(account, [{ ...twin, details: '' }]))).toEqual(['op_invalid_details'])
  expect(await by(ask(account, [{ ...twin, role: 2n ** 60n }]))).toEqual(['op_no_such_role'])
  expect(await by(ask(account, [{ ...twin, role: 1n }]))).toEqual(['op_not_allowed'])
  expect(await by(ask(account, one, { creatorDetails: 'x' }))).toEqual(['op_invalid_creator_details'])
  expect(await by(ask(account, one, { requestId: 9n }))).toEqual(['op_request_not_found'])
  expect(await by(ask(account, one, { requestId: 9n, allTasks: 0 }))).toEqual([
    'op_not_allowed_to_set_tasks_on_update',
  ])
  expect(await by(ask(other, one))).toEqual(['op_not_allowed'])
  // Without tasks TokenD would approve by itself; here nothing does.
  expect(await by(ask(account, one, { allTasks: 0 }))).toBe('applied')
  expect(await requestOf(account)).toMatchObject({ state: 'requested' })
})

test('of an approval and a withdrawal at once one is done', async () => {
  const { account, key, wish, request } = await asked()
  const [approved, cancelled] = await Promise.all([
    byAdmin(review(request)),
    world.open().cancelKycRecovery(wish),
  ])
  const owns = await isOwner(world.ledger, { account: account.keyId, key: key.keyId })
  expect([approved, cancelled]).toEqual(owns ? ['applied', 'refused'] : [['op_not_found'], 'cancelled'])
  expect(await keysOf(account)).toHaveLength(1)
})
