import { toHex } from '@strongroom/crypto'
import { isFault, readEnvelope } from './envelope.ts'
import { type HorizonAnswer, type HorizonCall, unanswered } from './horizon-http.ts'
import { judged } from './horizon-reading.ts'
import { RejectionAnswer, TransactionAnswer } from './horizon-shapes.ts'
import type { Applied, LedgerTransaction, Rejected } from './ledger.ts'
import { MALFORMED, malformed } from './rejections.ts'

export interface Submission {
  readonly call: (call: HorizonCall) => Promise<HorizonAnswer>
  readonly networkPassphrase: string
  /** Of a submission: Horizon answers when the transaction is in a ledger, seconds later. */
  readonly submitMs: number
  /** Of a question. */
  readonly timeoutMs: number
}

/** The ledger knows the transaction, or failed while it judged it: what came of it shows when it is asked again. */
const undecided = new Set(['tx_duplication', 'tx_internal_error'])

/** By its hash a transaction has one outcome: one that was applied before and is rejected now was applied. */
export async function submitToHorizon(submission: Submission, envelope: string): Promise<Applied | Rejected> {
  const { call, networkPassphrase, submitMs } = submission
  const read = readEnvelope(envelope, networkPassphrase)
  if (isFault(read)) return malformed(read.fault)
  const hash = toHex(read.hash)
  const body = { tx: envelope, wait_for_ingest: true }
  const answer = await call({ path: '/v3/transactions', body, timeoutMs: submitMs })
  if (answer.status === 200) return { outcome: 'applied', transaction: transactionIn(answer, hash) }
  if (answer.status !== 400) throw unanswered('http-404')

  const rejected = judged(RejectionAnswer, answer.body)
  if (!rejected) return { outcome: 'rejected', transactionCode: MALFORMED, operationCodes: [], messages: [] }
  const before = await findOnHorizon(submission, hash)
  if (before) return { outcome: 'applied', transaction: before }
  if (undecided.has(rejected.transaction)) throw unanswered(rejected.transaction)
  const { transaction: transactionCode, operations: operationCodes, messages } = rejected
  return { outcome: 'rejected', transactionCode, operationCodes, messages }
}

export async function findOnHorizon(
  { call, timeoutMs }: Pick<Submission, 'call' | 'timeoutMs'>,
  hash: string,
): Promise<LedgerTransaction | undefined> {
  const answer = await call({ path: `/v3/transactions/${hash}`, timeoutMs })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw unanswered(`http-${String(answer.status)}`)
  return transactionIn(answer, hash)
}

function transactionIn({ body }: HorizonAnswer, hash: string): LedgerTransaction {
  const transaction = judged(TransactionAnswer, body)
  if (transaction.hash !== hash) throw unanswered('another-transaction')
  return transaction
}
