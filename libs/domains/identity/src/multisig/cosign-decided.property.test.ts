import { fromBase64, toBase64, toHex } from '@strongroom/crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, ledgerSigner, remove } from '../../test/ledger-world.ts'
import { signerNamed } from '../../test/transaction-signers.ts'
import { hintOf, signTransaction, type TransactionSigner } from '../ledger/cosign.ts'
import { type Envelope, isFault, readEnvelope, type Transaction, transactionHash } from '../ledger/envelope.ts'
import type { Operation } from '../ledger/operations.ts'
import { isBy } from '../ledger/signatures.ts'
import { cosignDecided } from './cosign-decided.ts'
import { usualMultisigPolicies } from './policies.ts'
import { maySign } from './rules.ts'

const networkPassphrase = 'A Network of the Tests'
const NOW = 1_800_000_000n
const [owner, stored, stranger] = ['owner', 'stored', 'stranger'].map((name) => signerNamed(`cosigning/${name}`)) as [
  TransactionSigner,
  TransactionSigner,
  TransactionSigner,
]
const account = owner.keyId
const facts = {
  signers: [ledgerSigner(owner, { weight: 500 }), ledgerSigner(stored, { weight: 500, identity: 2 })],
  roles: { recovering: 3 },
  stored: [stored.keyId],
  masterAccountId: stranger.keyId,
  now: NOW,
}

const good: readonly Operation[] = [
  { source: undefined, body: add(stranger) },
  { source: account, body: remove(stranger) },
  {
    source: undefined,
    body: {
      type: 'create-kyc-recovery-request',
      requestId: 0n,
      account,
      signers: [],
      creatorDetails: '{"blob_id":"B"}',
      allTasks: undefined,
    },
  },
]
const bad: readonly Operation[] = [
  { source: stranger.keyId, body: add(stranger) },
  { source: undefined, body: { type: 'initiate-kyc-recovery', account, signer: stranger.keyId } },
]

/** Signs with zeros, which look like the end of a transaction and no signature behind it. */
const zeros = { keyId: stranger.keyId, sign: () => new Uint8Array(64) }

const made = fc.record({
  operations: fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.constantFrom(...good), { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...good, ...bad), { maxLength: 7 }) },
  ),
  salt: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  maxTime: fc.constantFrom(NOW, NOW, NOW + 9n, NOW - 1n),
  signers: fc.array(fc.constantFrom(owner, owner, owner, stranger, zeros), { maxLength: 4 }),
})
type Made = typeof made extends fc.Arbitrary<infer One> ? One : never

/** Some bytes out, some in, somewhere: often where the transaction ends and the signatures begin. */
const edit = fc.record({
  from: fc.constantFrom('start' as const, 'end' as const),
  at: fc.nat(400),
  /** Of the bytes that are put in, as many go: a signature becomes another. */
  out: fc.oneof(fc.nat(4), fc.constant('as many' as const)),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constant(new Uint8Array(4)),
    fc.constant(Uint8Array.of(0, 0, 0, 1)),
    fc.constant(
      Uint8Array.of(...new Uint8Array(8), 0, 0, 0, 1, ...hintOf(account), 0, 0, 0, 64, ...new Uint8Array(64)),
    ),
  ),
})
type Edit = typeof edit extends fc.Arbitrary<infer One> ? One : never
const edits = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }) },
)

function edited(envelope: string, all: readonly Edit[]): string {
  let bytes: Uint8Array = fromBase64(envelope)
  for (const { from, at, out, put } of all) {
    const place = from === 'start' ? at % bytes.length : bytes.length - 1 - (at % bytes.length)
    bytes = Uint8Array.of(
      ...bytes.subarray(0, place),
      ...put,
      ...bytes.subarray(place + (out === 'as many' ? put.length : out)),
    )
  }
  return toBase64(bytes)
}

const transactionOf = ({ operations, salt, maxTime }: Made): Transaction => ({
  source: account,
  salt,
  timeBounds: { minTime: 0n, maxTime },
  memo: { type: 'none' },
  operations,
})

/** What was decided of what was read; the envelope where the stored key may sign. */
function decide(tx: string): Envelope | undefined {
  const read = readEnvelope(tx, networkPassphrase)
  if (isFault(read)) return undefined
  return 'keys' in maySign(read, facts, usualMultisigPolicies.multisig) ? read : undefined
}

/** The stored key, and what it was asked to sign. */
function watched() {
  const asked: string[] = []
  const sign = (hash: Uint8Array) => (asked.push(toHex(hash)), stored.sign(hash))
  return { asked, signer: { keyId: stored.keyId, sign } }
}

/** Said once more, by what the case was made of: what its owner has signed, of the allowed operations alone, in its time. */
const isAllowed = ({ operations, maxTime, signers }: Made): boolean =>
  operations.length > 0 &&
  operations.length <= 5 &&
  operations.every((one) => good.includes(one)) &&
  maxTime >= NOW &&
  signers.includes(owner)

test('of thousands of envelopes, changed on their way, a stored key signs the transaction that its owner signed, and no other', async () => {
  const counts = { signed: 0, changed: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(made, edits, async (one, changes) => {
      const transaction = transactionOf(one)
      const original = await signTransaction(transaction, { networkPassphrase, signers: one.signers })
      const tx = edited(original, changes)
      const { asked, signer } = watched()
      const envelope = decide(tx)
      const signed = envelope && (await cosignDecided({ tx, envelope, networkPassphrase }, [signer]))
      // Of bytes that were not changed the decision is known.
      if (tx === original && (envelope !== undefined) !== isAllowed(one)) throw new Error('it was decided otherwise')
      if (asked.length === 0) return void counts.refused++

      const hash = transactionHash(transaction, networkPassphrase)
      expect([asked, isAllowed(one)]).toEqual([[toHex(hash)], true])
      if (typeof signed !== 'string') throw new Error(`signed, and not answered: ${JSON.stringify(signed)}`)
      const read = readEnvelope(signed, networkPassphrase)
      if (isFault(read)) throw new Error(read.fault)
      const last = read.signatures.at(-1)
      expect([toHex(read.hash), last && isBy(ledgerSigner(stored), last, hash)]).toEqual([toHex(hash), true])
      counts.signed++
      if (tx !== original) counts.changed++
    }),
    { numRuns: 4000 },
  )
  expect(counts.signed).toBeGreaterThan(300)
  expect(counts.changed).toBeGreaterThan(20)
  expect(counts.refused).toBeGreaterThan(1000)
}, 300_000)

test('of bytes that are another transaction than the one that was decided on nothing is signed', async () => {
  let thrown = 0
  await fc.assert(
    fc.asyncProperty(made, edits, async (one, changes) => {
      const original = await signTransaction(transactionOf(one), { networkPassphrase, signers: one.signers })
      const envelope = readEnvelope(original, networkPassphrase)
      if (isFault(envelope)) throw new Error(envelope.fault)
      const { asked, signer } = watched()
      const tx = edited(original, changes)
      await cosignDecided({ tx, envelope, networkPassphrase }, [signer]).catch((error: unknown) => {
        if (String(error) !== 'Error: a transaction was read in two ways') throw error
        thrown++
      })
      for (const hash of asked) expect(hash).toBe(toHex(envelope.hash))
    }),
    { numRuns: 2000 },
  )
  expect(thrown).toBeGreaterThan(200)
}, 300_000)
