import { describe, expect, test } from 'vitest'
import { add, ledgerSigner, remove } from '../../test/ledger-world.ts'
import { signerNamed } from '../../test/transaction-signers.ts'
import { hintOf, type TransactionSigner } from '../ledger/cosign.ts'
import { type Envelope, type Transaction, transactionHash } from '../ledger/envelope.ts'
import { RECOVERY_ROLE } from '../ledger/ledger.ts'
import type { OperationBody } from '../ledger/operations.ts'
import { usualMultisigPolicies } from './policies.ts'
import { maySign, type SigningFacts, type SigningFault } from './rules.ts'

const networkPassphrase = 'A Network of the Tests'
const RECOVERING = 3
const { multisig: usual } = usualMultisigPolicies
const [owner, stored, second, other] = ['owner', 'stored', 'second', 'other'].map(signerNamed) as [
  TransactionSigner,
  TransactionSigner,
  TransactionSigner,
  TransactionSigner,
]
const account = owner.keyId
const now = 1_800_000_000n

const facts: SigningFacts = {
  signers: [ledgerSigner(owner, { weight: 500 }), ledgerSigner(stored, { weight: 500, identity: 2 })],
  roles: { recovering: RECOVERING },
  stored: [stored.keyId],
  masterAccountId: signerNamed('master').keyId,
  now,
}

const payment: OperationBody = {
  type: 'payment',
  sourceBalance: '11'.repeat(32),
  destination: { kind: 'account', account: other.keyId },
  amount: 12_500_000n,
  fees: {
    source: { fixed: 0n, percent: 0n },
    destination: { fixed: 0n, percent: 0n },
    sourcePaysForDestination: false,
  },
  subject: '',
  reference: '',
}

interface Wish extends Partial<Transaction> {
  readonly bodies?: readonly OperationBody[]
  readonly by?: readonly TransactionSigner[]
}

async function envelopeOf({ bodies = [payment], by = [owner], ...more }: Wish = {}): Promise<Envelope> {
  const transaction: Transaction = {
    source: account,
    salt: 1n,
    timeBounds: { minTime: 0n, maxTime: now + 60n },
    memo: { type: 'none' },
    operations: bodies.map((body) => ({ source: undefined, body })),
    ...more,
  }
  const hash = transactionHash(transaction, networkPassphrase)
  const signatures = await Promise.all(
    by.map(async (one) => ({ hint: hintOf(one.keyId), signature: await one.sign(hash) })),
  )
  return { ...transaction, signatures, hash }
}

const judge = async (wish: Wish = {}, known: Partial<SigningFacts> = {}) => {
  const decided = maySign(await envelopeOf(wish), { ...facts, ...known }, usual)
  return 'fault' in decided ? decided.fault : decided.keys
}

describe('a stored key signs', () => {
  test.each<readonly [string, OperationBody]>([
    ['a payment', payment],
    ['a change of signers', add(other)],
    ['the removal of a signer', remove(other)],
    ['a request of its owner for new signers', recoveryRequest(account)],
  ])('%s that the owner signed', async (_, body) => {
    expect(await judge({ bodies: [body] })).toEqual([stored.keyId])
  })

  test('where an operation names the account itself', async () => {
    expect(await judge({ operations: [{ source: account, body: payment }] })).toEqual([stored.keyId])
  })

  test('together with others that are stored, and did not sign yet', async () => {
    const both = {
      signers: [...facts.signers, ledgerSigner(second, { identity: 3 })],
      stored: [second.keyId, stored.keyId],
    }
    expect(await judge({}, both)).toEqual([stored.keyId, second.keyId])
    expect(await judge({ by: [owner, stored] }, both)).toEqual([second.keyId])
  })

  test('as the twentieth', async () => {
    const crowd = Array.from({ length: 18 }, (_, n) => signerNamed(String(n)))
    expect(await judge({ by: [owner, ...crowd] })).toEqual([stored.keyId])
  })
})

/** Function declarations are hoisted: the table above is made of it. */
function recoveryRequest(of: string): OperationBody {
  const signers = [{ key: other.keyId, role: 2n, weight: 1000, identity: 1, details: '{}' }]
  return {
    type: 'create-kyc-recovery-request',
    requestId: 0n,
    account: of,
    signers,
    creatorDetails: '{}',
    allTasks: undefined,
  }
}

const signersWith = (more: Partial<(typeof facts.signers)[number]>) => ({
  signers: [{ ...facts.signers[0], ...more } as (typeof facts.signers)[number], ...facts.signers.slice(1)],
})

describe('no key signs', () => {
  test.each<readonly [string, SigningFault, Wish, Partial<SigningFacts>]>([
    ['nothing', 'no-operation', { bodies: [] }, {}],
    ['more than a message can name', 'too-many-operations', { bodies: Array.from({ length: 6 }, () => payment) }, {}],
    ['for another account', 'account-of-another', { operations: [{ source: other.keyId, body: payment }] }, {}],
    [
      'for another account beside its own',
      'account-of-another',
      {
        operations: [
          { source: undefined, body: payment },
          { source: other.keyId, body: payment },
        ],
      },
      {},
    ],
    ['a recovery of another account', 'account-of-another', { bodies: [recoveryRequest(other.keyId)] }, {}],
    [
      'the beginning of a recovery',
      'operation-not-allowed',
      { bodies: [{ type: 'initiate-kyc-recovery', account, signer: other.keyId }] },
      {},
    ],
    [
      'a new account',
      'operation-not-allowed',
      { bodies: [{ type: 'create-account', account: other.keyId, referrer: undefined, role: 1n, signers: [] }] },
      {},
    ],
    ['what nobody signed', 'not-allowed', { by: [] }, {}],
    ['what a stranger signed', 'not-allowed', { by: [other] }, {}],
    ['what only stored keys signed', 'not-allowed', { by: [stored] }, {}],
    ['what an owner’s key of no weight signed', 'not-allowed', {}, signersWith({ weight: 0 })],
    ['what a recovery signer signed', 'not-allowed', {}, signersWith({ role: RECOVERY_ROLE })],
    ['what a key signed that a recovery let in', 'not-allowed', {}, signersWith({ role: RECOVERING })],
    ['where it is no signer of the account', 'not-allowed', {}, { signers: facts.signers.slice(0, 1) }],
    [
      'where it has no weight',
      'not-allowed',
      {},
      { signers: [facts.signers[0] ?? ledgerSigner(owner), ledgerSigner(stored, { weight: 0, identity: 2 })] },
    ],
    ['where it is stored for nobody', 'not-allowed', {}, { stored: [] }],
    ['for an account that is not there', 'not-allowed', {}, { signers: [] }],
    ['for the master account', 'not-allowed', {}, { masterAccountId: account }],
    ['what is to be later', 'too-early', { timeBounds: { minTime: now + 1n, maxTime: now + 60n } }, {}],
    ['what is over', 'too-late', { timeBounds: { minTime: 0n, maxTime: now - 1n } }, {}],
    ['what it signed', 'signed-already', { by: [owner, stored] }, {}],
    [
      'as the 21st',
      'too-many-signatures',
      { by: [owner, ...Array.from({ length: 19 }, (_, n) => signerNamed(String(n)))] },
      {},
    ],
  ])('%s: %s', async (_, fault, ...[wish, known]) => {
    expect(await judge(wish, known)).toBe(fault)
  })

  test('what was signed for another network, or changed since', async () => {
    const envelope = await envelopeOf()
    const decided = maySign({ ...envelope, hash: Uint8Array.from(envelope.hash, (byte) => byte ^ 1) }, facts, usual)
    expect(decided).toEqual({ fault: 'not-allowed' })
  })

  test('what an operator does not allow', async () => {
    const fewer = { ...usual, purposes: ['payment'] as const, mostOperations: 1 }
    const judged = async (wish: Wish) => maySign(await envelopeOf(wish), facts, fewer)
    expect(await judged({})).toEqual({ keys: [stored.keyId] })
    expect(await judged({ bodies: [add(other)] })).toEqual({ fault: 'operation-not-allowed' })
    expect(await judged({ bodies: [payment, payment] })).toEqual({ fault: 'too-many-operations' })
  })
})
