import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import * as events from './events.ts'
import {
  isUnsettled,
  MOST_TIMES,
  recoveriesJoined,
  recoveryColumns,
  recoveryRow,
  type RecoveryRow,
  told,
} from './store.ts'

const ANEW_FOR = sql`interval '6 days'`

/** To the millisecond, as its stamp says it. */
export const drawAnewEnd = async (statements: Statements): Promise<Date> => {
  const end = sql`date_trunc('milliseconds', strongroom.now() + ${ANEW_FOR})`
  return (await statements.one(z.object({ at: column.instant }), sql`select ${end} as at`)).at
}

export interface SignedRecovery {
  readonly id: string
  readonly transactionId: string
  readonly signed: Uint8Array
  readonly anewUntil: Date
}

export const endRecovery = async (tx: Statements, { id, ...signed }: SignedRecovery): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoverySigned,
      sql`
      update chain_accounts.recoveries
         set state = 'done', ended_at = strongroom.now(), times = 1, transaction_id = ${signed.transactionId},
             signed = ${signed.signed}, anew_until = ${signed.anewUntil}
       where id = ${id} and state = 'held'`,
    ),
  )) === 1

/** False where it was signed anew, cancelled or seen on the chain a moment ago, or its time is over. */
export const signAgain = async (
  tx: Statements,
  { id, times, transactionId }: Pick<RecoveryRow, 'id' | 'times'> & { readonly transactionId: string },
): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoverySigned,
      sql`
      update chain_accounts.recoveries set times = times + 1, transaction_id = ${transactionId}
       where id = ${id} and state = 'done' and settled_at is null and signed is not null
         and times = ${times} and times < ${MOST_TIMES}
         and anew_until > strongroom.now()`,
    ),
  )) === 1

/** What is under way happens or not: it is not signed anew then. */
export const voidSigned = async (tx: Statements, { id, by }: { id: string; by: string }): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoveryCancelled,
      sql`
      update chain_accounts.recoveries set signed = null
       where id = ${id} and state = 'done' and settled_at is null and signed is not null`,
      by,
    ),
  )) === 1

/** Signed, and the new key not yet seen on the chain; looked for for a week. However many wait, each has its turn. */
export const findUnsettled = (statements: Statements, limit: number): Promise<readonly RecoveryRow[]> =>
  statements.many(
    recoveryRow,
    sql`select ${recoveryColumns} from ${recoveriesJoined} where ${isUnsettled} order by r.looked_at limit ${limit}`,
  )

export const markLooked = (statements: Statements, id: string): Promise<number> =>
  statements.run(sql`update chain_accounts.recoveries set looked_at = strongroom.now() where id = ${id}`)

/** Its stamp goes, so that no later change of the row has it signed anew. */
export const markSettled = (tx: Statements, id: string): Promise<number> =>
  tx.run(sql`update chain_accounts.recoveries set settled_at = strongroom.now(), signed = null where id = ${id}`)
