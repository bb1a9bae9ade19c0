import { appendEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { ChainName } from '../shapes.ts'
import * as events from './events.ts'

export const requestRow = z.object({
  id: z.uuid(),
  accountId: z.uuid(),
  appId: z.uuid(),
  appName: z.string(),
  chainName: ChainName,
  sourceKeyId: z.uuid(),
  destKeyId: z.uuid().nullable(),
  state: z.enum(['pending', 'approved', 'denied', 'expired', 'finished']),
  message: z.string(),
  asker: column.bytes,
  stamp: column.bytes.nullable(),
  sends: z.int(),
  txId: z.string().nullable(),
  requestedAt: column.instant,
  expiresAt: column.instant,
})
export type RequestRow = z.output<typeof requestRow>

// By the database's clock: one that nobody answered in time is over, whether a sweep came by or not.
const columns = sql`r.id, r.account_id as "accountId", r.app_id as "appId", p.name as "appName", r.chain_name as "chainName",
  r.source_key_id as "sourceKeyId", r.dest_key_id as "destKeyId", r.message, r.asker, r.stamp, r.sends, r.tx_id as "txId",
  case when r.state = 'pending' and r.expires_at <= strongroom.now() then 'expired' else r.state end as state,
  r.requested_at as "requestedAt", r.expires_at as "expiresAt"`

export const findRequest = (
  statements: Statements,
  { id, accountId }: Pick<RequestRow, 'id' | 'accountId'>,
): Promise<RequestRow | undefined> =>
  statements.maybe(
    requestRow,
    sql`select ${columns} from chain_accounts.two_factor_requests as r join chain_accounts.apps as p on p.id = r.app_id
         where r.id = ${id} and r.account_id = ${accountId}`,
  )

/** Those that wait for an answer, newest first. */
export const findWaiting = (
  statements: Statements,
  { accountId, chainName }: Pick<RequestRow, 'accountId' | 'chainName'>,
): Promise<readonly RequestRow[]> =>
  statements.many(
    requestRow,
    sql`select ${columns} from chain_accounts.two_factor_requests as r join chain_accounts.apps as p on p.id = r.app_id
         where r.account_id = ${accountId} and r.chain_name = ${chainName} and r.state = 'pending'
           and r.expires_at > strongroom.now() order by r.requested_at desc`,
  )

/** Whether it waits still; whoever answers it waits until the transaction ends. */
export const holdRequest = async (tx: Statements, id: string): Promise<boolean> =>
  (await tx.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from chain_accounts.two_factor_requests
         where id = ${id} and state = 'pending' and expires_at > strongroom.now() for update`,
  )) !== undefined

/** In the transaction that holds the account: asked in the last hour, and when the next one may be asked. */
export const countRecent = (tx: Statements, accountId: string): Promise<{ readonly count: number }> =>
  tx.one(
    z.object({ count: z.int() }),
    sql`select count(*)::int as count from chain_accounts.two_factor_requests
         where account_id = ${accountId} and requested_at > strongroom.now() - interval '1 hour'`,
  )

export type NewRequest = Pick<
  RequestRow,
  'id' | 'accountId' | 'appId' | 'chainName' | 'sourceKeyId' | 'destKeyId' | 'message' | 'asker' | 'expiresAt'
> & { readonly stamp: Uint8Array }

/** When a request that is asked now is over: to the millisecond, as its stamp says it. */
export const drawEnd = async (statements: Statements, lifetime: number): Promise<Date> => {
  const end = sql`date_trunc('milliseconds', strongroom.now() + make_interval(secs => ${lifetime}))`
  return (await statements.one(z.object({ at: column.instant }), sql`select ${end} as at`)).at
}

/** Those of the same key that still wait are over: a device asks once at a time. */
export const insertRequest = (tx: Statements, row: NewRequest): Promise<number> =>
  tx.run(sql`
    with before as (
      update chain_accounts.two_factor_requests set state = 'expired', ended_at = strongroom.now()
       where source_key_id = ${row.sourceKeyId} and state = 'pending'
    ), asked as (
      insert into chain_accounts.two_factor_requests
             (id, account_id, app_id, chain_name, source_key_id, dest_key_id, message, asker, stamp, expires_at)
      values (${row.id}, ${row.accountId}, ${row.appId}, ${row.chainName}, ${row.sourceKeyId}, ${row.destKeyId},
              ${row.message}, ${row.asker}, ${row.stamp}, ${row.expiresAt})
      returning id, account_id, source_key_id
    )
    ${appendEvent(events.twoFactorAsked, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('request', id, 'key', source_key_id)`,
      from: sql`asked`,
    })}`)

/** Whom it is sent to next; false where it does not wait any more, or was sent often enough. */
export const redirectRequest = async (
  tx: Statements,
  { id, destKeyId, most }: { id: string; destKeyId: string; most: number },
): Promise<boolean> =>
  (await tx.run(sql`
    update chain_accounts.two_factor_requests set dest_key_id = ${destKeyId}, sends = sends + 1
     where id = ${id} and state = 'pending' and expires_at > strongroom.now() and sends < ${most}`)) === 1

export interface Answer {
  readonly id: string
  readonly by: string
}

/** The key stands on the chain. False where the request does not wait any more: of any number of answers one counts. */
export const approveRequest = async (tx: Statements, { id, by, txId }: Answer & { txId: string }): Promise<boolean> =>
  (await tx.run(
    answered({ id, by, kind: events.twoFactorApproved }, sql`state = 'approved', tx_id = ${txId}, approved_by = ${by}`),
  )) === 1

/** Its stamp goes, so that no later change of the row brings it back. */
export const denyRequest = async (tx: Statements, { id, by }: Answer): Promise<boolean> =>
  (await tx.run(answered({ id, by, kind: events.twoFactorDenied }, sql`state = 'denied', stamp = null`))) === 1

const answered = ({ id, by, kind }: Answer & { kind: typeof events.twoFactorApproved }, change: Query): Query => sql`
    with answered as (
      update chain_accounts.two_factor_requests set ${change}, ended_at = strongroom.now()
       where id = ${id} and state = 'pending' and expires_at > strongroom.now() returning id, account_id
    )
    ${appendEvent(kind, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('request', id, 'by', ${by}::text)`,
      from: sql`answered`,
    })}`

/** Whether a device said no; whoever says so now waits until the transaction ends. */
export const wasDenied = async (tx: Statements, id: string): Promise<boolean> =>
  (
    await tx.maybe(
      z.object({ state: requestRow.shape.state }),
      sql`select state from chain_accounts.two_factor_requests where id = ${id} for share`,
    )
  )?.state === 'denied'

/** Whether the chain was seen to have what was signed for it: a change of its own id. */
export const wasLetIn = async (statements: Statements, id: string): Promise<boolean> =>
  (
    await statements.one(
      z.object({ is: z.boolean() }),
      sql`select exists (select from chain_accounts.signer_changes where id = ${id} and settled_at is not null) as is`,
    )
  ).is

/** False where it was finished before, or not approved. */
export const finishRequest = async (statements: Statements, id: string): Promise<boolean> =>
  (await statements.run(sql`
    with finished as (
      update chain_accounts.two_factor_requests set state = 'finished'
       where id = ${id} and state = 'approved' returning id, account_id
    )
    ${appendEvent(events.twoFactorFinished, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('request', id)`,
      from: sql`finished`,
    })}`)) === 1

/** Those that nobody answered; then what is a month old; then keys that nobody let in. */
export async function forgetRequests(statements: Statements): Promise<void> {
  await statements.run(sql`
    update chain_accounts.two_factor_requests set state = 'expired', ended_at = strongroom.now()
     where state = 'pending' and expires_at <= strongroom.now()`)
  await statements.run(sql`
    delete from chain_accounts.two_factor_requests where requested_at < strongroom.now() - interval '30 days'`)
  await statements.run(sql`
    delete from chain_accounts.keys as k
     where k.state = 'pending' and k.type = 'user-key' and k.updated_at < strongroom.now() - interval '1 hour'
       -- It counted for a while, and others were asked, or let in, by its word.
       and not exists (select from chain_accounts.two_factor_requests as a
                        where a.account_id = k.account_id and k.id in (a.dest_key_id, a.approved_by))
       and not exists (select from chain_accounts.signer_changes as b
                        where b.account_id = k.account_id and k.id in (b.asked_by, b.approved_by))
       and not exists (select from chain_accounts.two_factor_requests as r
                        where r.source_key_id = k.id and r.requested_at > strongroom.now() - interval '1 hour')
       -- Denied too late: it stands on the chain, and is listed until it is taken away.
       and not exists (select from chain_accounts.two_factor_requests as d
                         join chain_accounts.signer_changes as s on s.id = d.id
                        where d.source_key_id = k.id and d.state = 'denied')
       and not exists (select from chain_accounts.recoveries as v
                        where v.new_key = k.id and v.settled_at is null
                          and (v.state = 'held' or (v.state = 'done' and v.ended_at > strongroom.now() - interval '8 days')))
       and not exists (select from chain_accounts.signer_changes as c
                        where c.account_id = k.account_id and c.state in ('held', 'approved', 'signed')
                          and c.settled_at is null and coalesce(c.ended_at > strongroom.now() - interval '8 days', true)
                          and c.changes @> jsonb_build_array(jsonb_build_object('publicKey', encode(k.public_key, 'hex'))))`)
}
