import { appendEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { isCancellable } from '@strongroom/time-locks'
import { z } from 'zod'
import { ChainName } from '../shapes.ts'
import * as events from './events.ts'

export const changeRow = z.object({
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

export const changeColumns = sql`c.id, c.account_id as "accountId", a.app_id as "appId", c.chain_name as "chainName", c.digest, c.changes,
  c.asked_by as "askedBy", c.approved_by as "approvedBy", c.approval, c.lock_id as "lockId", c.state,
  c.opens_at as "opensAt", c.created_at as "createdAt"`
export const changesJoined = sql`chain_accounts.signer_changes as c join chain_accounts.accounts as a on a.id = c.account_id`

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
    sql`select ${changeColumns} from ${changesJoined}
         where c.account_id = ${accountId} and c.chain_name = ${chainName} and c.digest = ${digest}
           and c.state in ('held', 'approved')`,
  )

export const findChange = (
  statements: Statements,
  { id, accountId }: Pick<ChangeRow, 'id' | 'accountId'>,
): Promise<ChangeRow | undefined> =>
  statements.maybe(
    changeRow,
    sql`select ${changeColumns} from ${changesJoined} where c.id = ${id} and c.account_id = ${accountId}`,
  )

/** More than can wait: what waits is told first, so that nothing pushes it out of sight. */
const MOST_LISTED = 250

export const findChanges = (statements: Statements, accountId: string): Promise<readonly ChangeRow[]> =>
  statements.many(
    changeRow,
    sql`select ${changeColumns} from ${changesJoined}
         where c.account_id = ${accountId} and c.created_at > strongroom.now() - interval '30 days'
         order by c.state in ('held', 'approved') desc, c.created_at desc, c.id limit ${MOST_LISTED}`,
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

/** In the transaction that holds the account: what a device has waiting, and what it asked for in a day, cancelled or not. */
export const countAsked = (
  tx: Statements,
  { accountId, askedBy }: Pick<ChangeRow, 'accountId' | 'askedBy'>,
): Promise<{ readonly waiting: number; readonly today: number }> =>
  tx.one(
    z.object({ waiting: z.int(), today: z.int() }),
    // What two-factor consented to waited for nothing, and is counted there.
    sql`select count(*) filter (where state in ('held', 'approved'))::int as waiting,
               count(*) filter (where created_at > strongroom.now() - interval '1 day')::int as today
          from chain_accounts.signer_changes
         where account_id = ${accountId} and asked_by = ${askedBy} and lock_id <> id`,
  )

export const told = ({ kind, by }: { kind: typeof events.changeHeld; by: string }, change: Query): Query => sql`
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
