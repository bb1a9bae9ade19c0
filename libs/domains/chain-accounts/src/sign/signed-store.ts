import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import * as events from './events.ts'
import {
  changeColumns,
  type ChangePlace,
  changeRow,
  type ChangeRow,
  changesJoined,
  type NewChange,
  told,
} from './store.ts'

/** When a change that is signed now is signed: to the millisecond, as its stamp says it. */
export const drawSigning = async (statements: Statements): Promise<Date> =>
  (
    await statements.one(
      z.object({ at: column.instant }),
      sql`select date_trunc('milliseconds', strongroom.now()) as at`,
    )
  ).at

export interface Signed {
  readonly id: string
  readonly by: string
  /** In which it was judged. */
  readonly state: 'held' | 'approved'
  readonly stamp: Uint8Array
  readonly signedAt: Date
}

/** Signed once; false where another request came first, or it was cancelled. */
export const markSigned = async (tx: Statements, { id, by, state, stamp, signedAt }: Signed): Promise<boolean> =>
  (await tx.run(
    told(
      { kind: events.changeSigned, by },
      sql`
      update chain_accounts.signer_changes set state = 'signed', approval = ${stamp}, ended_at = ${signedAt}
       where id = ${id} and state = ${state}`,
    ),
  )) === 1

/** What two-factor consented to, so that the key is looked for on the chain; its ids are the request’s. Once for each. */
export const insertSigned = (tx: Statements, row: Omit<NewChange, 'opensAt'>): Promise<number> =>
  tx.run(
    told(
      { kind: events.changeSigned, by: row.askedBy },
      sql`
      insert into chain_accounts.signer_changes
             (id, account_id, chain_name, digest, changes, asked_by, lock_id, opens_at, state, ended_at)
      values (${row.id}, ${row.accountId}, ${row.chainName}, ${row.digest}, ${JSON.stringify(row.changes)}::jsonb,
              ${row.askedBy}, ${row.lockId}, strongroom.now(), 'signed', strongroom.now())
      on conflict do nothing`,
    ),
  )

const spentRow = changeRow.extend({
  transactionId: z.string(),
  signedAt: column.instant,
  /** Of what its client sends by itself: what we signed, and the transactions that we paid for. */
  message: column.bytes.nullable(),
  paid: z.array(z.string()),
})
export type SpentRow = z.output<typeof spentRow>

/** Each is paid for: a hold is not a purse. */
const MOST_TRIES = 10

/** Signed in these days, not seen on the chain, and what was sent for it last. */
export const findSpent = (
  statements: Statements,
  { accountId, chainName, digest }: ChangePlace,
): Promise<SpentRow | undefined> =>
  statements.maybe(
    spentRow,
    sql`select ${changeColumns}, c.ended_at as "signedAt", t.transaction_id as "transactionId",
               t.message, t.paid
          from ${changesJoined} join chain_accounts.relayed as t on t.change_id = c.id
         where c.account_id = ${accountId} and c.chain_name = ${chainName} and c.digest = ${digest}
           and c.state = 'signed' and c.approval is not null and c.settled_at is null
           and c.ended_at > strongroom.now() - interval '6 days'
           and (select count(*) from chain_accounts.relayed where change_id = c.id) < ${MOST_TRIES}
         order by c.ended_at desc, t.created_at desc limit 1`,
  )

/** Whether it may be signed anew, still; nobody else changes it before the transaction ends. */
export const holdSpent = async (tx: Statements, id: string): Promise<boolean> =>
  (await tx.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from chain_accounts.signer_changes
         where id = ${id} and state = 'signed' and approval is not null and settled_at is null for update`,
  )) !== undefined

/** Whether nothing was sent for it since. A statement of its own: one that waited would see what was before it waited. */
export const isLatest = async (
  tx: Statements,
  { id, transactionId }: Pick<SpentRow, 'id' | 'transactionId'>,
): Promise<boolean> =>
  (
    await tx.maybe(
      z.object({ transactionId: z.string() }),
      sql`select transaction_id as "transactionId" from chain_accounts.relayed
           where change_id = ${id} order by created_at desc limit 1`,
    )
  )?.transactionId === transactionId

/** What came to nothing is not signed anew any more; what was sent is looked for all the same. */
export const voidSigned = async (tx: Statements, { id, by }: Pick<Signed, 'id' | 'by'>): Promise<boolean> =>
  (await tx.run(
    told(
      { kind: events.changeCancelled, by },
      sql`
      update chain_accounts.signer_changes set approval = null
       where id = ${id} and state = 'signed' and approval is not null and settled_at is null`,
    ),
  )) === 1

const SETTLED_AFTER = sql`interval '7 days'`

/** Signed, and not yet seen on the chain; what is not seen in a week is not looked for any more. */
export const findUnsettled = (statements: Statements, limit: number): Promise<readonly ChangeRow[]> =>
  statements.many(
    changeRow,
    sql`select ${changeColumns} from ${changesJoined}
         where c.state = 'signed' and c.settled_at is null and c.ended_at > strongroom.now() - ${SETTLED_AFTER}
         order by c.looked_at limit ${limit}`,
  )

/** However many wait, each has its turn. */
export const markLooked = (statements: Statements, id: string): Promise<number> =>
  statements.run(sql`update chain_accounts.signer_changes set looked_at = strongroom.now() where id = ${id}`)

/** Its stamp goes, so that no later change of the row has it signed anew. */
export const markSettled = (tx: Statements, id: string): Promise<number> =>
  tx.run(sql`
    update chain_accounts.signer_changes set settled_at = strongroom.now(), approval = null where id = ${id}`)
