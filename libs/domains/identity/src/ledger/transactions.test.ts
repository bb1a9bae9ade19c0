import { randomBytes } from 'node:crypto'
import { shiftClock } from '@strongroom/storage'
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
  RECOVERING_ROLE,
  remove,
  transactionOf,
  type TransactionWish,
  update,
} from '../../test/ledger-world.ts'
import { signerNamed, signerOf } from '../../test/transaction-signers.ts'
import { isOwner } from './authority.ts'
import type { TransactionSigner } from './cosign.ts'
import { RECOVERY_ROLE } from './ledger.ts'
import type { OperationBody } from './operations.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const newKey = (): TransactionSigner => signerOf(randomBytes(32))
const outcome = (wish: TransactionWish) => outcomeOf(world.ledger, wish)
const keysOf = async (account: TransactionSigner) =>
  ((await world.ledger.signersOf(account.keyId)) ?? []).map(({ key }) => key)
const payment: OperationBody = {
  type: 'payment',
  sourceBalance: '11'.repeat(32),
  destination: { kind: 'account', account: master.keyId },
  amount: 1n,
  fees: {
    source: { fixed: 0n, percent: 0n },
    destination: { fixed: 0n, percent: 0n },
    sourcePaysForDestination: false,
  },
  subject: '',
  reference: '',
}

const low = 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF'

test('the answer tells the transaction, and is the same however often it is submitted', async () => {
  const owner = await world.account()
  const envelope = await transactionOf({ source: owner, operations: [add(newKey())], signers: [owner] })
  const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => world.open().submit(envelope)))
  expect(first).toMatchObject({ outcome: 'applied', transaction: { envelope, hash: /^[0-9a-f]{64}$/ } })
  expect(others).toEqual([first, first, first])
  expect(await world.ledger.submit(envelope)).toEqual(first)
  expect(await keysOf(owner)).toHaveLength(2)
  const bySignature = await transactionOf({ source: owner, operations: [remove(newKey())], signers: [owner] })
  expect(await world.ledger.submit(bySignature)).toEqual(await world.ledger.submit(bySignature))
})

test.each([
  ['of another network', { passphrase: 'Another Network' }, 'tx_bad_auth'],
  ['not valid yet', { minTime: 30 }, 'tx_too_early'],
  ['valid no more', { maxTime: -5 }, 'tx_too_late'],
  ['valid for more than a week', { maxTime: 604_900 }, 'tx_too_late'],
  ['without operations', { operations: [] }, 'tx_missing_operation'],
  ['without signatures', { signers: [] }, 'tx_bad_auth'],
  ['signed by somebody else', { signers: [signerNamed('mallory')] }, 'tx_bad_auth'],
  ['signed by an administrator', { signers: [admins[0]] }, 'tx_bad_auth'],
  ['of an account that is not there', { source: signerNamed('nobody') }, 'tx_no_account'],
  ['with an operation of another account', { operationSource: signerNamed('victim').keyId }, 'tx_bad_auth'],
  ['that pays', { operations: [payment] }, ['op_not_supported']],
])('a transaction %s is rejected', async (_, wish, code) => {
  const owner = await world.account()
  const usual = { source: owner, operations: [add(newKey())], signers: [owner] }
  expect(await outcome({ ...usual, ...wish })).toEqual(code)
  expect(await keysOf(owner)).toEqual([owner.keyId])
  expect(await outcome({ ...usual, operationSource: owner.keyId })).toBe('applied')
})

test('time is the database’s', async () => {
  await using shifted = await ledgerWorld()
  const owner = await shifted.account()
  const wish = { source: owner, operations: [add(newKey())], signers: [owner], maxTime: 3600 }
  const envelope = await transactionOf(wish)
  await shiftClock(shifted.owner, '2 hours')
  const answer = await shifted.ledger.submit(envelope)
  expect(answer.outcome === 'rejected' && codesOf(answer)).toBe('tx_too_late')
  expect(await outcomeOf(shifted.ledger, { ...wish, minTime: 7100, maxTime: 9000 })).toBe('applied')
})

test('what cannot be read is rejected and says why', async () => {
  expect(await world.ledger.submit('AAAA')).toMatchObject({ transactionCode: 'tx_malformed', messages: ['truncated'] })
})

test('every signature must count: a wrong one, one twice, or one that is not needed is one too many', async () => {
  const [owner, light, other] = [newKey(), newKey(), newKey()]
  const mallory = newKey()
  const signers = [
    ledgerSigner(owner),
    ledgerSigner(light, { weight: 400 }),
    ledgerSigner(other, { weight: 600, identity: 2 }),
  ]
  await world.ledger.createAccount({ account: owner.keyId, signers })
  const signedBy = (...by: TransactionSigner[]) =>
    outcome({ source: owner, operations: [add(newKey(), { identity: 9 })], signers: by })
  expect(await signedBy(owner, mallory)).toBe('tx_bad_auth_extra')
  expect(await signedBy(owner, owner)).toBe('tx_bad_auth_extra')
  expect(await signedBy(owner, light)).toBe('tx_bad_auth_extra')
  expect(await signedBy(light, owner)).toBe('tx_bad_auth_extra')
  expect(await signedBy(owner, other)).toBe('applied')
  expect(await signedBy(light, other)).toBe('applied')
  expect(await signedBy(light)).toBe('tx_bad_auth')
  expect(await signedBy(other)).toBe('tx_bad_auth')
})

test('signers of one identity count once, and those of weight 0 not at all', async () => {
  const [owner, twin, idle] = [newKey(), newKey(), newKey()]
  const signers = [
    ledgerSigner(owner, { weight: 1000, identity: 5 }),
    ledgerSigner(twin, { weight: 500, identity: 1 }),
    ledgerSigner(idle, { weight: 0, identity: 2 }),
  ]
  await world.ledger.createAccount({ account: owner.keyId, signers })
  const operations = [add(newKey(), { weight: 500, identity: 1 })]
  expect(await outcome({ source: owner, operations, signers: [owner] })).toBe('applied')
  expect(await outcome({ source: owner, operations: [add(newKey())], signers: [twin] })).toBe('tx_bad_auth')
  expect(await outcome({ source: owner, operations: [add(newKey())], signers: [idle] })).toBe('tx_bad_auth')
  expect(await outcome({ source: owner, operations: [add(newKey())], signers: [owner, idle] })).toBe(
    'tx_bad_auth_extra',
  )
  const demoted = { source: owner, operations: [update(owner, { weight: 999, identity: 5 })], signers: [owner] }
  expect(await outcome(demoted)).toBe('applied')
  expect(await outcome({ ...demoted, operations: [add(newKey())] })).toBe('tx_bad_auth')
})

test('an account is never left without owners that weigh 1000, nor with 21 signers', async () => {
  const owner = await world.account()
  const by = (...operations: OperationBody[]) => outcome({ source: owner, operations, signers: [owner] })
  expect(await by(remove(owner))).toEqual(['op_not_allowed'])
  expect(await by(update(owner, { weight: 999 }))).toEqual(['op_not_allowed'])
  expect(await by(update(owner, { weight: 0 }))).toEqual(['op_not_allowed'])
  expect(await by(update(owner, { role: RECOVERY_ROLE }))).toEqual(['op_not_allowed'])
  expect(await by(add(newKey(), { role: RECOVERY_ROLE }), remove(owner))).toEqual(['op_success', 'op_not_allowed'])
  const many = Array.from({ length: 19 }, () => add(newKey()))
  expect(await by(...many)).toBe('applied')
  expect(await by(add(newKey()))).toEqual(['op_not_allowed'])
  expect(await by(add(newKey()), remove(owner))).toBe('applied')
  expect(await keysOf(owner)).toHaveLength(20)
})

test('an operation that fails takes the others with it', async () => {
  const owner = await world.account()
  const known = newKey()
  const by = (...operations: OperationBody[]) => outcome({ source: owner, operations, signers: [owner] })
  expect(await by(add(known), add(known), add(newKey()))).toEqual(['op_success', 'op_already_exists', 'op_skipped'])
  expect(await keysOf(owner)).toEqual([owner.keyId])
  expect(await by(update(known))).toEqual(['op_not_found'])
  expect(await by(remove(known))).toEqual(['op_not_found'])
  expect(await by(add(known, { weight: 1001 }))).toEqual(['op_invalid_weight'])
  expect(await by(add(known, { details: '{' }))).toEqual(['op_invalid_details'])
  expect(await by(add({ keyId: low }))).toEqual(['op_invalid_signer_data'])
  expect(await by(add(known, { role: RECOVERING_ROLE }))).toEqual(['op_no_such_role'])
})

test('a recovery signer changes signers, and owns nothing', async () => {
  const [owner, saver] = [newKey(), newKey()]
  const signers = [ledgerSigner(owner), ledgerSigner(saver, { role: RECOVERY_ROLE })]
  await world.ledger.createAccount({ account: owner.keyId, signers })
  expect(await isOwner(world.ledger, { account: owner.keyId, key: saver.keyId })).toBe(false)
  const operations = [add(newKey()), remove(owner)]
  expect(await outcome({ source: owner, operations, signers: [saver] })).toBe('applied')
})

test('of two transactions at once that cannot both be, one is applied', async () => {
  const owner = await world.account()
  const wishes = [newKey(), newKey(), newKey(), newKey()].map((next) => ({
    source: owner,
    operations: [add(next), remove(owner)],
    signers: [owner],
  }))
  const ledgers = wishes.map(() => world.open())
  const outcomes = await Promise.all(wishes.map((wish, index) => outcomeOf(ledgers[index] ?? world.ledger, wish)))
  expect(outcomes.filter((one) => one === 'applied')).toHaveLength(1)
  expect(outcomes.filter((one) => one === 'tx_bad_auth')).toHaveLength(3)
  expect(await keysOf(owner)).toHaveLength(1)
})

test('transactions at once that can both be are both applied', async () => {
  const owner = await world.account()
  const wishes = [1, 2, 3].map(() => ({ source: owner, operations: [add(newKey())], signers: [owner] }))
  expect(await Promise.all(wishes.map(outcome))).toEqual(['applied', 'applied', 'applied'])
  expect(await keysOf(owner)).toHaveLength(4)
})
