import { toHex } from '@strongroom/crypto'
import * as fc from 'fast-check'
import type { DecoratedSignature, Transaction } from '../src/ledger/envelope.ts'
import type { Operation, OperationBody } from '../src/ledger/operations.ts'
import { signerNamed } from './transaction-signers.ts'

const key = fc.nat(40).map((n) => signerNamed(String(n)).keyId)
const u32 = fc.nat(0xffff_ffff)
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const text = fc.string({ unit: 'grapheme', maxLength: 30 })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const signerData = fc.record({ key, role: u64, weight: u32, identity: u32, details: text })
const fee = fc.record({ fixed: u64, percent: u64 })
const constant = <const T>(value: T) => fc.constant(value)

const body: fc.Arbitrary<OperationBody> = fc.oneof(
  fc.record({
    type: constant('manage-signer'),
    change: fc.oneof(
      fc.record({ action: fc.constantFrom('create' as const, 'update' as const), signer: signerData }),
      fc.record({ action: constant('remove'), key }),
    ),
  }),
  fc.record({
    type: constant('create-account'),
    account: key,
    referrer: fc.option(key, { nil: undefined }),
    role: u64,
    signers: fc.array(signerData, { maxLength: 4 }),
  }),
  fc.record({
    type: constant('payment'),
    sourceBalance: hash,
    destination: fc.oneof(
      fc.record({ kind: constant('account'), account: key }),
      fc.record({ kind: constant('balance'), balance: hash }),
    ),
    amount: u64,
    fees: fc.record({ source: fee, destination: fee, sourcePaysForDestination: fc.boolean() }),
    subject: text,
    reference: text,
  }),
  fc.record({ type: constant('initiate-kyc-recovery'), account: key, signer: key }),
  fc.record({
    type: constant('create-kyc-recovery-request'),
    requestId: u64,
    account: key,
    signers: fc.array(signerData, { maxLength: 4 }),
    creatorDetails: text,
    allTasks: fc.option(u32, { nil: undefined }),
  }),
  fc.record({
    type: constant('review-request'),
    requestId: u64,
    requestHash: hash,
    action: fc.constantFrom('approve' as const, 'reject' as const, 'permanent-reject' as const),
    reason: text,
    details: fc.record({ tasksToAdd: u32, tasksToRemove: u32, externalDetails: text }),
  }),
)
const operation: fc.Arbitrary<Operation> = fc.record({ source: fc.option(key, { nil: undefined }), body })
const transaction: fc.Arbitrary<Transaction> = fc.record({
  source: key,
  salt: u64,
  timeBounds: fc.record({ minTime: u64, maxTime: u64 }),
  memo: fc.oneof(
    fc.constant({ type: 'none' as const }),
    fc.record({ type: constant('text'), text: fc.string({ maxLength: 28 }) }),
    fc.record({ type: constant('id'), id: u64 }),
    fc.record({ type: fc.constantFrom('hash' as const, 'return' as const), hash }),
  ),
  operations: fc.array(operation, { maxLength: 5 }),
})
const signature: fc.Arbitrary<DecoratedSignature> = fc.record({
  hint: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
})
/** A transaction, and signatures that nobody made. */
export const signed = fc.tuple(transaction, fc.array(signature, { maxLength: 20 }))
