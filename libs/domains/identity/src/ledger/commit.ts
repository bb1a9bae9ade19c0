import { recordEvent } from '@strongroom/audit'
import { randomUuid, type RandomSource, toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Database, Tx } from '@strongroom/storage'
import { accountChanged, accountCreated, accountForgotten, recoveryEnded, transactionApplied } from './events.ts'
import type { LedgerSigner } from './ledger.ts'
import type { VersionedAccount } from './read-accounts.ts'
import type { Account, EndedRecovery } from './recoveries.ts'
import { writeRequest } from './recovery-request.ts'
import { type AppliedRow, forgottenStamp, type Place, recoveryStamp, signerStamp, transactionStamp } from './stamps.ts'
import {
  clearAccount,
  dropOpenRecovery,
  dropTransaction,
  insertAccount,
  insertTransaction,
  putRecovery,
  type RecoveryToKeep,
  replaceSigners,
  type StampedSigner,
  type StoredTransaction,
  takeAccount,
} from './store.ts'

/** Somebody else was faster: what was planned is planned anew. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken'
}

export interface Committing {
  readonly database: Database
  readonly hsm: Keystore
  readonly random: RandomSource
}

/** What is to become of accounts, said before any of it is written. */
export interface Change {
  readonly accounts: readonly { readonly before: VersionedAccount; readonly after: Account }[]
  readonly ended: readonly EndedRecovery[]
  readonly transaction?: AppliedRow
  /** The stamp of a row of that transaction's hash which was written past us. */
  readonly forged?: Uint8Array | undefined
}

interface StampedAccount extends Place {
  readonly from: string
  readonly signers: readonly StampedSigner[]
  readonly recoveries: readonly RecoveryToKeep[]
}

/** Stamps first, then writes: in the transaction nobody waits for the token. @throws Overtaken */
export async function commitChange(deps: Committing, change: Change): Promise<StoredTransaction | undefined> {
  const { database, hsm } = deps
  const [accounts, stamp] = await Promise.all([
    Promise.all(change.accounts.map((one) => stampAccount(deps, one, change.ended))),
    change.transaction && transactionStamp(hsm, change.transaction),
  ])
  return database.transaction(async (tx) => {
    // In one order whoever comes: two transactions on the same accounts wait for each other once.
    for (const account of accounts.toSorted((a, b) => (a.account < b.account ? -1 : 1))) await writeAccount(tx, account)
    for (const { account, id, state } of change.ended)
      await recordEvent(tx, recoveryEnded, { subject: account, detail: { recovery: id, end: state } })
    return change.transaction && stamp && writeTransaction(tx, change.transaction, { stamp, forged: change.forged })
  })
}

async function stampAccount(
  { hsm, random }: Committing,
  { before, after }: Change['accounts'][number],
  ended: readonly EndedRecovery[],
): Promise<StampedAccount> {
  const { account } = after
  const place = { account, version: randomUuid(random) }
  const open = after.recovery ? [after.recovery] : []
  const closed = ended.filter((one) => one.account === account)
  const [signers, recoveries] = await Promise.all([
    stampSigners(hsm, place, after.signers),
    Promise.all([
      ...closed.map(async (one) => keep(one, await recoveryStamp(hsm, { account, version: undefined }, one))),
      ...open.map(async (one) => keep(one, await recoveryStamp(hsm, place, one))),
    ]),
  ])
  return { ...place, from: before.version, signers, recoveries }
}

const keep = (
  recovery: Omit<RecoveryToKeep, 'request' | 'stamp'> & Pick<EndedRecovery, 'request'>,
  stamp: Uint8Array,
) => {
  const { id, signer, state, request, rejectReason } = recovery
  return { id, signer, state, request: request && writeRequest(request), rejectReason, stamp }
}

export const stampSigners = (hsm: Keystore, place: Place, signers: readonly LedgerSigner[]): Promise<StampedSigner[]> =>
  Promise.all(signers.map(async (signer) => ({ ...signer, stamp: await signerStamp(hsm, place, signer) })))

async function writeAccount(tx: Tx, { account, version, from, signers, recoveries }: StampedAccount): Promise<void> {
  if (!(await takeAccount(tx, account, { from, to: version }))) throw new Overtaken()
  await replaceSigners(tx, account, signers)
  await dropOpenRecovery(
    tx,
    account,
    recoveries.map(({ id }) => id),
  )
  // Those that end come first: an account has one that is open.
  for (const recovery of recoveries) await putRecovery(tx, account, recovery)
  await recordEvent(tx, accountChanged, { subject: account, detail: { version, signers: signers.length } })
}

async function writeTransaction(
  tx: Tx,
  applied: AppliedRow,
  { stamp, forged }: { stamp: Uint8Array; forged: Uint8Array | undefined },
): Promise<StoredTransaction> {
  if (forged) await dropTransaction(tx, applied.hash, forged)
  const stored = await insertTransaction(tx, applied, stamp)
  if (!stored) throw new Overtaken()
  await recordEvent(tx, transactionApplied, { subject: applied.source, detail: { hash: toHex(applied.hash) } })
  return stored
}

/** @throws Overtaken where there is such an account by now. */
export async function commitNewAccount(
  { database, hsm, random }: Committing,
  { account, role, signers }: { account: string; role: number; signers: readonly LedgerSigner[] },
): Promise<void> {
  const place = { account, version: randomUuid(random) }
  const stamped = await stampSigners(hsm, place, signers)
  await database.transaction(async (tx) => {
    if (!(await insertAccount(tx, { ...place, role }))) throw new Overtaken()
    await replaceSigners(tx, account, stamped)
    const detail = { version: place.version, signers: signers.length }
    await recordEvent(tx, accountCreated, { subject: account, detail })
  })
}

/** What is kept for an account elsewhere, which goes with it. */
export type DropKept = (tx: Tx, account: string) => Promise<void>

/** @throws Overtaken */
export async function commitForgotten(
  { database, hsm, random, dropKept }: Committing & { readonly dropKept: DropKept },
  { account, version: from }: Place,
): Promise<void> {
  const version = randomUuid(random)
  const stamp = await forgottenStamp(hsm, { account, version })
  await database.transaction(async (tx) => {
    if (!(await takeAccount(tx, account, { from, to: version }))) throw new Overtaken()
    await clearAccount(tx, account, stamp)
    await dropKept(tx, account)
    await recordEvent(tx, accountForgotten, { subject: account, detail: {} })
  })
}
