import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  add,
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
import { ask, newKey, recoverySteps, review } from '../../test/recovery-steps.ts'
import { isOwner, standingOf } from './authority.ts'
import type { TransactionSigner } from './cosign.ts'
import { keyValues, RECOVERY_ROLE } from './ledger.ts'
import type { OperationBody } from './operations.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const { byAdmin, requestOf, begun, asked } = recoverySteps(() => world)
const outcome = (wish: TransactionWish) => outcomeOf(world.ledger, wish)
const keysOf = async (account: TransactionSigner) =>
  ((await world.ledger.signersOf(account.keyId)) ?? []).map(({ key }) => key)
const standing = (account: TransactionSigner, key: TransactionSigner) =>
  standingOf(world.ledger, { account: account.keyId, key: key.keyId })

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
  expect(await by(ask(account, one, { requestId: 9n, allTasks: 0 }))).toEqual(['op_not_allowed_to_set_tasks_on_update'])
  expect(await by(ask(other, one))).toEqual(['op_not_allowed'])
  // Without tasks TokenD would approve by itself; here nothing does.
  expect(await by(ask(account, one, { allTasks: 0 }))).toBe('applied')
  expect(await requestOf(account)).toMatchObject({ state: 'requested' })
})

test('details that are nested too deep are none: whoever shows them to administrators could not', async () => {
  const account = await world.account()
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  const by = (...operations: OperationBody[]) => outcome({ source: account, operations, signers: [account] })
  for (const levels of [101, 8192])
    expect(await by(ask(account, [signerData(newKey())], { creatorDetails: nested(levels) }))).toEqual([
      'op_invalid_creator_details',
    ])
  for (const levels of [101, 2048]) {
    const details = nested(levels)
    expect(await by(add(newKey(), { details }))).toEqual(['op_invalid_details'])
    expect(await by(ask(account, [signerData(newKey(), { details })]))).toEqual(['op_invalid_details'])
  }
  const [details, creatorDetails] = [nested(100), nested(100)]
  expect(await by(ask(account, [signerData(newKey(), { details })], { creatorDetails }))).toBe('applied')
})
