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
      update chain_accounts.signer_changes set state = 'cancelled', ended_at = strongroom.now()
       where id = ${id} and state in ('held', 'approved')`,
    ),
  )) === 1

/** Signed once; false where another request came first, or it was cancelled. */
export const markSigned = async (
  tx: Statements,
  { id, by, state }: { id: string; by: string; state: 'held' | 'approved' },
): Promise<boolean> =>
  (await tx.run(
    told(
      { kind: events.changeSigned, by },
      sql`
      update chain_accounts.signer_changes set state = 'signed', ended_at = strongroom.now()
       where id = ${id} and state = ${state}`,
    ),
  )) === 1

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
         order by c.ended_at desc limit ${limit}`,
  )

export const markSettled = (tx: Statements, id: string): Promise<number> =>
  tx.run(sql`update chain_accounts.signer_changes set settled_at = strongroom.now() where id = ${id}`)

const relayedRow = z.object({ id: z.string(), chainName: ChainName })

/** Whose a transaction is that we sent; once more changes nothing. */
export const insertRelayed = (
  tx: Statements,
  { id, accountId, chainName }: { id: string; accountId: string; chainName: string },
): Promise<number> =>
  tx.run(sql`
    insert into chain_accounts.relayed (transaction_id, account_id, chain_name) values (${id}, ${accountId}, ${chainName})
    on conflict do nothing`)

export const findRelayed = (statements: Statements, { id, accountId }: { id: string; accountId: string }) =>
  statements.maybe(
    relayedRow,
    sql`select transaction_id as id, chain_name as "chainName" from chain_accounts.relayed
         where transaction_id = ${id} and account_id = ${accountId}`,
  )
