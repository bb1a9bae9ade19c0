import { implement, type Limiter, reply } from '@strongroom/http'
import { tooMany } from '../refusals.ts'
import { submitTransaction, transactionUnreadable } from './contract.ts'
import { isFault, readEnvelope } from './envelope.ts'
import type { Ledger, LedgerTransaction } from './ledger.ts'
import { rejectedBy } from './rejected-by.ts'

interface SubmitDeps {
  readonly ledger: Ledger
  /** By address of the caller. */
  readonly limits: { readonly attempts: Limiter }
}

/** Only for who has a ledger of his own: what it cannot read, it does not try. */
export const submit = implement<SubmitDeps>()(submitTransaction, async ({ body, ip }, { ledger, limits }) => {
  if (await limits.attempts.take(ip)) return tooMany()
  const { tx } = 'data' in body ? body.data.attributes : body
  const { networkPassphrase } = await ledger.info()
  const envelope = readEnvelope(tx, networkPassphrase)
  if (isFault(envelope))
    return transactionUnreadable({
      detail: 'Your request was invalid in some way',
      meta: { field: 'tx', error: envelope.fault },
    })
  const answer = await ledger.submit(tx)
  if (answer.outcome === 'rejected') return rejectedBy(answer)
  return reply(200, { data: shownTransaction(answer.transaction, envelope.source) })
})

/** Horizon's resource of a transaction. */
export const shownTransaction = (
  { id, hash, sequence, createdAt, envelope, result }: LedgerTransaction,
  source: string,
) => ({
  id,
  type: 'transactions' as const,
  attributes: {
    hash,
    ledger_sequence: sequence,
    created_at: createdAt.toISOString(),
    envelope_xdr: envelope,
    result_xdr: result,
    result_meta_xdr: '',
  },
  relationships: {
    operations: { data: [] },
    source: { data: { id: source, type: 'accounts' as const } },
    ledger_entry_changes: { data: [] },
  },
})
