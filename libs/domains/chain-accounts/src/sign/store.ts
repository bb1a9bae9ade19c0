import { appendEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { isCancellable } from '@strongroom/time-locks'
import { z } from 'zod'
import { ChainName } from '../shapes.ts'
import * as events from './events.ts'

const changeRow = z.object({
  id: z.uuid(),
  accountId: z.uuid(),
  appId: z.uuid(),
  chainName: ChainName,
  digest: column.bytes,
  changes: z.array(z.object({ kind: z.enum(['add-signer', 'remove-signer']), publicKey: z.string() })),
  askedBy: z.uuid(),
  approvedBy: z.uuid().nullable(),
  approval: column.bytes.nullable(),
  lockId: z.uuid(),
  state: z.enum(['held', 'approved', 'signed', 'cancelled', 'lapsed']),
  opensAt: column.instant,
  createdAt: column.instant,
})
export type ChangeRow = z.output<typeof changeRow>

const columns = sql`c.id, c.account_id as "accountId", a.app_id as "appId", c.chain_name as "chainName", c.digest, c.changes,
  c.asked_by as "askedBy", c.approved_by as "approvedBy", c.approval, c.lock_id as "lockId", c.state,
  c.opens_at as "opensAt", c.created_at as "createdAt"`
const from = sql`chain_accounts.signer_changes as c join chain_accounts.accounts as a on a.id = c.account_id`

export interface ChangePlace {
  readonly accountId: string
  readonly chainName: string
  readonly digest: Uint8Array
}

/** The change that waits already, or was approved. */
export const findLive = (
  statements: Statements,
  { accountId, chainName, digest }: ChangePlace,
): Promise<ChangeRow | undefined> =>
  statements.maybe(
    changeRow,
    sql`select ${columns} from ${from}
         where c.account_id = ${accountId} and c.chain_name = ${chainName} and c.digest = ${digest}
           and c.state in ('held', 'approved')`,
  )

export const findChange = (
  statements: Statements,
  { id, accountId }: Pick<ChangeRow, 'id' | 'accountId'>,
): Promise<ChangeRow | undefined> =>
  statements.maybe(changeRow, sql`select ${columns} from ${from} where c.id = ${id} and c.account_id = ${accountId}`)

const MOST_LISTED = 100

export const findChanges = (statements: Statements, accountId: string): Promise<readonly ChangeRow[]> =>
  statements.many(
    changeRow,
    sql`select ${columns} from ${from}
         where c.account_id = ${accountId} and c.created_at > strongroom.now() - interval '30 days'
         order by c.created_at desc, c.id limit ${MOST_LISTED}`,
  )

export type NewChange = Pick<
  ChangeRow,
  'id' | 'accountId' | 'chainName' | 'digest' | 'changes' | 'askedBy' | 'lockId' | 'opensAt'
>

/** False where another request asked for the same a moment ago. */
export const insertChange = async (tx: Statements, row: NewChange): Promise<boolean> =>
  (await tx.run(
    told(
      { kind: events.changeHeld, by: row.askedBy },
      sql`
      insert into chain_accounts.signer_changes (id, account_id, chain_name, digest, changes, asked_by, lock_id, opens_at)
      values (${row.id}, ${row.accountId}, ${row.chainName}, ${row.digest}, ${JSON.stringify(row.changes)}::jsonb,
              ${row.askedBy}, ${row.lockId}, ${row.opensAt})
      on conflict do nothing`,
    ),
  )) === 1

export const markApproved = async (
  tx: Statements,
  { id, by, approval }: { id: string; by: string; approval: Uint8Array },
): Promise<boolean> =>
  (await tx.run(
    told(
      { kind: events.changeApproved, by },
      sql`
      update chain_accounts.signer_changes set state = 'approved', approved_by = ${by}, approval = ${approval}
       where id = ${id} and state = 'held'`,
    ),
  )) === 1

export const markCancelled = async (tx: Statements, { id, by }: { id: string; by: string }): Promise<boolean> =>
  (await tx.run(
    told(
      { kind: events.changeCancelled, by },
      sql`
      update chain_accounts.signer_changes set state = 'cancelled', approval = null, ended_at = strongroom.now()
       where id = ${id} and state in ('held', 'approved')`,
    ),
  )) === 1

/** Signed once; false where another request came first, or it was cancelled. */
export const markSigned = async (
  tx: Statements,
  { id, by, state, stamp }: { id: string; by: string; state: 'held' | 'approved'; stamp: Uint8Array },
): Promise<boolean> =>
  (await tx.run(
    told(
      { kind: events.changeSigned, by },
      sql`
      update chain_accounts.signer_changes set state = 'signed', approval = ${stamp}, ended_at = strongroom.now()
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

const spentRow = changeRow.extend({ transactionId: z.string() })

/** Signed in these days, not seen on the chain, and what was sent for it last. */
export const findSpent = (
  statements: Statements,
  { accountId, chainName, digest }: ChangePlace,
): Promise<z.output<typeof spentRow> | undefined> =>
  statements.maybe(
    spentRow,
    sql`select ${columns}, t.transaction_id as "transactionId"
          from ${from} join chain_accounts.relayed as t on t.change_id = c.id
         where c.account_id = ${accountId} and c.chain_name = ${chainName} and c.digest = ${digest}
           and c.state = 'signed' and c.approval is not null and c.settled_at is null
           and c.ended_at > strongroom.now() - interval '6 days'
         order by c.ended_at desc, t.created_at desc limit 1`,
  )

/** Whether it is signed, and not seen on the chain, still; nobody else changes it before the transaction ends. */
export const holdSpent = async (tx: Statements, id: string): Promise<boolean> =>
  (await tx.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from chain_accounts.signer_changes
         where id = ${id} and state = 'signed' and settled_at is null for update`,
  )) !== undefined

/** In the transaction that holds the account. */
export const countWaiting = (
  tx: Statements,
  { accountId, askedBy }: Pick<ChangeRow, 'accountId' | 'askedBy'>,
): Promise<{ readonly count: number }> =>
  tx.one(
    z.object({ count: z.int() }),
    sql`select count(*)::int as count from chain_accounts.signer_changes
         where account_id = ${accountId} and asked_by = ${askedBy} and state = 'held'`,
  )

const told = ({ kind, by }: { kind: typeof events.changeHeld; by: string }, change: Query): Query => sql`
    with changed as (${change} returning id, account_id, chain_name)
    ${appendEvent(kind, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('change', id, 'chain', chain_name, 'by', ${by}::text)`,
      from: sql`changed`,
    })}`

/** Those whose hold ended otherwise than by us. */
export const lapseChanges = (statements: Statements): Promise<number> =>
  statements.run(sql`
    update chain_accounts.signer_changes as c set state = 'lapsed', ended_at = strongroom.now()
     where c.state in ('held', 'approved')
       and not ${isCancellable(sql`c.lock_id`)}`)

const SETTLED_AFTER = sql`interval '7 days'`

/** Signed, and not yet seen on the chain; what is not seen in a week is not looked for any more. */
export const findUnsettled = (statements: Statements, limit: number): Promise<readonly ChangeRow[]> =>
  statements.many(
    changeRow,
    sql`select ${columns} from ${from}
         where c.state = 'signed' and c.settled_at is null and c.ended_at > strongroom.now() - ${SETTLED_AFTER}
         order by c.looked_at limit ${limit}`,
  )

/** However many wait, each has its turn. */
export const markLooked = (statements: Statements, id: string): Promise<number> =>
  statements.run(sql`update chain_accounts.signer_changes set looked_at = strongroom.now() where id = ${id}`)

export const markSettled = (tx: Statements, id: string): Promise<number> =>
  tx.run(sql`update chain_accounts.signer_changes set settled_at = strongroom.now() where id = ${id}`)
