import { fromBase64, fromUtf8 } from '@strongroom/crypto'
import { enqueue } from '@strongroom/jobs'
import { sql, type Tx } from '@strongroom/storage'
import { z } from 'zod'
import { ChainUnavailable } from '../chain-unavailable.ts'
import type { Result } from './access-api.ts'
import { accountCreated } from './access-shapes.ts'
import { bareAddress, shownAddress } from './address.ts'
import type { FlowDeps } from './advance.ts'
import { endAttempt, freeKey } from './attempts.ts'
import { rowAddress } from './begin.ts'
import { advanceJob, keyOf } from './job.ts'
import { GOOD_FOR_BLOCKS, MOST_TRIES } from './settings.ts'
import type { SignedAttempt } from './sign-attempt.ts'
import { endTransaction, postpone, type TransactionRow, waitingTransactions } from './store.ts'

const UNCLEAR_SECONDS = 60

/** Looks for a transaction on the chain; sends it, again, while no block has it; ends it when its end is known. */
export async function follow(deps: FlowDeps, transaction: TransactionRow, attempt: SignedAttempt): Promise<void> {
  const { api } = deps
  const result = await api.resultOf(attempt.hash)
  if (result?.status === 'Sealed') return settle(deps, { transaction, attempt }, result)
  if (result?.status === 'Finalized' || result?.status === 'Executed') return
  const { height } = await api.sealedBlock()
  if (height <= attempt.reference_height + GOOD_FOR_BLOCKS) return void (await api.send(attempt.body))
  if (await isProvenDead(deps, attempt, height)) return giveUp(deps, transaction, attempt)
  // Its number is used and no node says by what: that is not for us to guess.
  await postpone(deps.database, transaction.id, UNCLEAR_SECONDS)
}

/**
 * No block that may still hold it is to come, and in the state of this one its number is not used: so none held it. A
 * node that only says that it does not know the transaction proves nothing.
 */
async function isProvenDead({ api }: FlowDeps, attempt: SignedAttempt, height: number): Promise<boolean> {
  const account = await api.accountAt(rowAddress(attempt.proposer), height)
  const key = account?.keys.find(({ index }) => index === attempt.key_index)
  return key?.sequence_number === attempt.sequence_number
}

interface Ending {
  readonly transaction: TransactionRow
  readonly attempt: SignedAttempt
}

async function settle(deps: FlowDeps, ending: Ending, result: Result): Promise<void> {
  const { transaction, attempt } = ending
  const succeeded = isSuccess(result)
  const address = succeeded && transaction.kind === 'deployment' ? addressIn(result) : undefined
  await deps.database.transaction(async (tx) => {
    if (!(await endAttempt(tx, attempt.id, succeeded ? 'succeeded' : 'failed'))) return
    // What fails may use its number up or, where that was wrong, not.
    await freeKey(tx, { by: attempt.id, sequenceNumber: succeeded ? attempt.sequence_number + 1 : 0 })
    if (succeeded) await endTransaction(tx, transaction.id, { state: 'succeeded', address })
    // What failed on the chain left nothing there, so a deployment may be made anew, but not at once.
    else if (transaction.kind === 'request' || attempt.number % MOST_TRIES === 0)
      await endTransaction(tx, transaction.id, { state: 'failed' })
    else await postpone(tx, transaction.id, Math.min(3600, 2 ** (attempt.number % MOST_TRIES)))
    await wakeNext(deps, tx)
  })
}

async function giveUp(deps: FlowDeps, { id, kind }: TransactionRow, attempt: SignedAttempt): Promise<void> {
  await deps.database.transaction(async (tx) => {
    if (!(await endAttempt(tx, attempt.id, 'expired'))) return
    await freeKey(tx, { by: attempt.id, sequenceNumber: attempt.sequence_number })
    if (kind === 'request') await endTransaction(tx, id, { state: 'failed' })
    else await postpone(tx, id, 0)
    await wakeNext(deps, tx)
  })
}

/** The key that was freed is not left idle until the sweep comes. */
async function wakeNext({ name }: FlowDeps, tx: Tx): Promise<void> {
  const next = await tx.maybe(z.object({ id: z.uuid() }), waitingTransactions(name, sql`1`))
  if (next) await enqueue(tx, advanceJob, { transactionId: next.id }, { key: keyOf(next.id) })
}

export const isSuccess = ({ status_code: code, error_message: message }: Result): boolean =>
  code === 0 && message === ''

function addressIn({ events }: Result): string {
  const made = (events ?? []).filter(({ type }) => type === 'flow.AccountCreated')
  const read = accountCreated.safeParse(made.length === 1 ? jsonOf(made[0]?.payload ?? '') : undefined)
  const field = read.data?.value.fields.find(({ name }) => name === 'address')
  const address = typeof field?.value.value === 'string' ? bareAddress(field.value.value) : undefined
  // It succeeded and says not what it made: another node may.
  if (address === undefined) throw new ChainUnavailable('no_address')
  return shownAddress(address)
}

function jsonOf(base64: string): unknown {
  try {
    return JSON.parse(fromUtf8(fromBase64(base64))) as unknown
  } catch {
    return undefined
  }
}
