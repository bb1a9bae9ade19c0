import { fromHex, toHex } from '@strongroom/crypto'
import { type Accounts, judgeTransaction, type Rules } from './apply.ts'
import { type Committing, commitChange } from './commit.ts'
import { type Envelope, isFault, readEnvelope } from './envelope.ts'
import type { Applied, LedgerTransaction, Rejected } from './ledger.ts'
import { malformed } from './rejections.ts'
import { type Reading, readAccounts, type VersionedAccount } from './read-accounts.ts'
import { writeResult } from './results.ts'
import { isStamp, transactionStamp } from './stamps.ts'
import { findTransaction, ledgerTime, type StoredTransaction } from './store.ts'

export interface Submitting extends Reading, Committing {
  readonly networkPassphrase: string
  readonly rules: Rules
}

/** One try. @throws Overtaken */
export async function submitOnce(deps: Submitting, submitted: string): Promise<Applied | Rejected> {
  const envelope = readEnvelope(submitted, deps.networkPassphrase)
  if (isFault(envelope)) return malformed(envelope.fault)
  const { hash, source } = envelope
  const found = await findTransaction(deps.database.reading, hash)
  if (found && (await isOurs(deps, found))) return asApplied(found)

  const accounts = await readAccounts(deps, wantedBy(envelope))
  const now = BigInt(await ledgerTime(deps.database.reading))
  const outcome = judgeTransaction(envelope, { accounts, now }, deps.rules)
  if ('outcome' in outcome) return outcome
  const stored = await commitChange(deps, {
    accounts: changedOf(accounts, outcome.accounts),
    ended: outcome.ended,
    transaction: { hash, source, envelope: submitted, result: writeResult(outcome.results) },
    forged: found?.stamp,
  })
  if (!stored) throw new Error('a transaction was committed without its row')
  return asApplied(stored)
}

export async function findApplied(deps: Reading, hash: string): Promise<LedgerTransaction | undefined> {
  const found = await findTransaction(deps.database.reading, fromHex(hash))
  return found && (await isOurs(deps, found)) ? asApplied(found).transaction : undefined
}

/** A row that says of a transaction that it was applied, where it was not, would make others act on it. */
async function isOurs(deps: Reading, found: StoredTransaction): Promise<boolean> {
  if (isStamp(found.stamp, await transactionStamp(deps.hsm, found))) return true
  const { source: account, hash, stamp } = found
  await deps.tellForged({ account, kind: 'transaction', row: toHex(hash), stamp })
  return false
}

const asApplied = ({ hash, sequence, createdAt, envelope, result }: StoredTransaction): Applied => ({
  outcome: 'applied',
  transaction: { id: String(sequence), hash: toHex(hash), sequence, createdAt, envelope, result },
})

function wantedBy({ source, operations }: Envelope): { accounts: string[]; requests: number[] } {
  const bodies = operations.map(({ body }) => body)
  const targets = bodies.flatMap((body) => (body.type === 'initiate-kyc-recovery' ? [body.account] : []))
  const requests = bodies.flatMap((body) => (body.type === 'review-request' ? [body.requestId] : []))
  const known = requests.filter((id) => id <= BigInt(Number.MAX_SAFE_INTEGER)).map(Number)
  return { accounts: [...new Set([source, ...targets])], requests: known }
}

function changedOf(before: ReadonlyMap<string, VersionedAccount>, after: Accounts) {
  return [...before.values()].flatMap((one) => {
    const now = after.get(one.account)
    return now && now !== one ? [{ before: one, after: now }] : []
  })
}
