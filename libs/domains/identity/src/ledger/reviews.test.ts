import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  admins,
  type LedgerWorld,
  ledgerWorld,
  master,
  outcomeOf,
  signerData,
  type TransactionWish,
} from '../../test/ledger-world.ts'
import { ask, newKey, recoverySteps, review } from '../../test/recovery-steps.ts'
import { isOwner, standingOf } from './authority.ts'
import type { TransactionSigner } from './cosign.ts'
import { RECOVERY_ROLE } from './ledger.ts'
import type { OperationBody } from './operations.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const [admin, secondAdmin] = admins
const { byAdmin, requestOf, begun, asked } = recoverySteps(() => world)
const outcome = (wish: TransactionWish) => outcomeOf(world.ledger, wish)
const keysOf = async (account: TransactionSigner) =>
  ((await world.ledger.signersOf(account.keyId)) ?? []).map(({ key }) => key)
const standing = (account: TransactionSigner, key: TransactionSigner) =>
  standingOf(world.ledger, { account: account.keyId, key: key.keyId })

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
  [
    'tasks that are not there',
    { details: { tasksToAdd: 0, tasksToRemove: 1, externalDetails: '' } },
    'op_removing_not_set_tasks',
  ],
  [
    'an approval that leaves tasks',
    { details: { tasksToAdd: 1, tasksToRemove: 0, externalDetails: '' } },
    'op_not_supported',
  ],
  [
    'details that are no JSON',
    { details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{' } },
    'op_invalid_external_details',
  ],
  ['another hash', { requestHash: '00'.repeat(32) }, 'op_hash_mismatched'],
  ['another request', { requestId: 4n }, 'op_not_found'],
  ['a request that no number names', { requestId: 2n ** 64n - 1n }, 'op_not_found'],
] as const)('%s is no review', async (_, of, code) => {
  const { account, request } = await asked()
  expect(await byAdmin(review(request, of))).toEqual([code])
  expect(await requestOf(account)).toMatchObject({ state: 'requested' })
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

test('of an approval and a withdrawal at once one is done', async () => {
  const { account, key, wish, request } = await asked()
  const [approved, cancelled] = await Promise.all([byAdmin(review(request)), world.open().cancelKycRecovery(wish)])
  const owns = await isOwner(world.ledger, { account: account.keyId, key: key.keyId })
  expect([approved, cancelled]).toEqual(owns ? ['applied', 'refused'] : [['op_not_found'], 'cancelled'])
  expect(await keysOf(account)).toHaveLength(1)
})
