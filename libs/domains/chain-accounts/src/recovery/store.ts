import { appendEvent, type EventKind } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { isCancellable } from '@strongroom/time-locks'
import { z } from 'zod'
import { ChainName } from '../shapes.ts'
import * as events from './events.ts'

export const recoveryRow = z.object({
  id: z.uuid(),
  accountId: z.uuid(),
  appId: z.uuid(),
  state: z.enum(['open', 'held', 'done', 'cancelled', 'expired']),
  recoveryKey: z.uuid().nullable(),
  newKey: z.uuid().nullable(),
  newPublicKey: column.bytes.nullable(),
  chainName: ChainName.nullable(),
  lockId: z.uuid().nullable(),
  opensAt: column.instant.nullable(),
  requestedAt: column.instant,
  /** Of what was sent last. */
  transactionId: z.string().nullable(),
  signed: column.bytes.nullable(),
  anewUntil: column.instant.nullable(),
  times: z.int(),
  /** In its time, and not too often. */
  mayAnew: z.boolean(),
})
export type RecoveryRow = z.output<typeof recoveryRow>

/** How often one recovery is signed: each time costs its app a transaction. */
export const MOST_TIMES = 5

export const recoveryColumns = sql`r.id, r.account_id as "accountId", a.app_id as "appId", r.recovery_key as "recoveryKey",
  r.new_key as "newKey", k.public_key as "newPublicKey", r.chain_name as "chainName", r.lock_id as "lockId",
  r.opens_at as "opensAt", r.requested_at as "requestedAt", r.transaction_id as "transactionId", r.signed,
  r.anew_until as "anewUntil", r.times,
  coalesce(r.anew_until > strongroom.now() and r.times < ${MOST_TIMES}, false) as "mayAnew",
  case when r.state = 'open' and r.closes_at <= strongroom.now() then 'expired' else r.state end as state`
export const recoveriesJoined = sql`chain_accounts.recoveries as r join chain_accounts.accounts as a on a.id = r.account_id
  left join chain_accounts.keys as k on k.id = r.new_key`

export const isUnsettled = sql`r.state = 'done' and r.settled_at is null and r.ended_at > strongroom.now() - interval '7 days'`

/** In the transaction that holds the account. False where its owner asked too often today: nobody is told so. */
export const openWindow = async (
  tx: Statements,
  { id, accountId, window, perDay }: { id: string; accountId: string; window: number; perDay: number },
): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoveryAsked,
      sql`
      insert into chain_accounts.recoveries (id, account_id, closes_at)
      select ${id}::uuid, ${accountId}::uuid, strongroom.now() + make_interval(secs => ${window})
       where (select count(*) from chain_accounts.recoveries
               where account_id = ${accountId} and requested_at > strongroom.now() - interval '1 day') < ${perDay}`,
    ),
  )) === 1

/** The newest window that is open. */
export const findOpen = (statements: Statements, accountId: string): Promise<RecoveryRow | undefined> =>
  statements.maybe(
    recoveryRow,
    sql`select ${recoveryColumns} from ${recoveriesJoined}
         where r.account_id = ${accountId} and r.state = 'open' and r.closes_at > strongroom.now()
         order by r.requested_at desc limit 1`,
  )

export const findHeld = (statements: Statements, accountId: string): Promise<RecoveryRow | undefined> =>
  statements.maybe(
    recoveryRow,
    sql`select ${recoveryColumns} from ${recoveriesJoined} where r.account_id = ${accountId} and r.state = 'held'`,
  )

/** What waits, or was signed and is not seen on the chain yet; whoever began another one gave that up. */
export const findRecoverable = (statements: Statements, accountId: string): Promise<RecoveryRow | undefined> =>
  statements.maybe(
    recoveryRow,
    sql`select ${recoveryColumns} from ${recoveriesJoined}
         where r.account_id = ${accountId} and (r.state = 'held' or (r.transaction_id is not null and ${isUnsettled}))
         order by (r.state = 'held') desc, r.ended_at desc limit 1`,
  )

export const findRecovery = (
  statements: Statements,
  { id, accountId }: Pick<RecoveryRow, 'id' | 'accountId'>,
): Promise<RecoveryRow | undefined> =>
  statements.maybe(
    recoveryRow,
    sql`select ${recoveryColumns} from ${recoveriesJoined} where r.id = ${id} and r.account_id = ${accountId}`,
  )

const MOST_LISTED = 100

export const findRecoveries = (statements: Statements, accountId: string): Promise<readonly RecoveryRow[]> =>
  statements.many(
    recoveryRow,
    sql`select ${recoveryColumns} from ${recoveriesJoined}
         where r.account_id = ${accountId} and r.requested_at > strongroom.now() - interval '30 days'
         order by r.requested_at desc limit ${MOST_LISTED}`,
  )

export interface Holding {
  readonly id: string
  readonly recoveryKey: string
  readonly newKey: string
  readonly chainName: string
  readonly lockId: string
  readonly opensAt: Date
}

/** One window, one new key. False where it closed meanwhile, or was used. */
export const holdRecovery = async (tx: Statements, { id, ...held }: Holding): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoveryHeld,
      sql`
      update chain_accounts.recoveries
         set state = 'held', recovery_key = ${held.recoveryKey}, new_key = ${held.newKey}, chain_name = ${held.chainName},
             lock_id = ${held.lockId}, opens_at = ${held.opensAt}
       where id = ${id} and state = 'open' and closes_at > strongroom.now()`,
    ),
  )) === 1

/** What waits, or what was signed so often and came to nothing: its stamp goes, so that nothing brings it back. */
export const markCancelled = async (
  tx: Statements,
  { id, by, times }: { readonly id: string; readonly by: string; readonly times: number },
): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoveryCancelled,
      sql`
      update chain_accounts.recoveries set state = 'cancelled', signed = null, ended_at = strongroom.now()
       where id = ${id} and times = ${times}
         and (state in ('open', 'held') or (state = 'done' and settled_at is null))`,
      by,
    ),
  )) === 1

export const told = (kind: EventKind, change: Query, by?: string): Query => sql`
    with changed as (${change} returning id, account_id)
    ${appendEvent(kind, {
      subject: sql`account_id`,
      detail:
        by === undefined
          ? sql`jsonb_build_object('recovery', id)`
          : sql`jsonb_build_object('recovery', id, 'by', ${by}::text)`,
      from: sql`changed`,
    })}`

/** Windows that closed, and holds that ended otherwise than by us; their new keys are let go of by `forgetRequests`. */
export async function expireRecoveries(statements: Statements): Promise<void> {
  await statements.run(sql`
    update chain_accounts.recoveries as r set state = 'expired', ended_at = strongroom.now()
     where (r.state = 'open' and r.closes_at <= strongroom.now())
        or (r.state = 'held' and not ${isCancellable(sql`r.lock_id`)})`)
}

const KEPT_FOR = sql`interval '90 days'`

/** What is over for long; and recovery keys that no chain was told of, which would stand in the way of others. */
export async function forgetRecoveries(statements: Statements): Promise<void> {
  await statements.run(sql`delete from chain_accounts.recoveries where ended_at < strongroom.now() - ${KEPT_FOR}`)
  await statements.run(sql`
    delete from chain_accounts.keys as k
     where k.type = 'recover-key' and k.state = 'pending' and k.updated_at < strongroom.now() - interval '1 day'
       and not exists (select from chain_accounts.signer_changes as c
                        where c.account_id = k.account_id and c.state in ('held', 'approved', 'signed')
                          and c.settled_at is null and coalesce(c.ended_at > strongroom.now() - interval '8 days', true)
                          and c.changes @> jsonb_build_array(jsonb_build_object('publicKey', encode(k.public_key, 'hex'))))`)
}
