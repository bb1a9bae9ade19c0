import { appendEvent, type EventKind } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { isCancellable } from '@strongroom/time-locks'
import { z } from 'zod'
import { ChainName } from '../shapes.ts'
import * as events from './events.ts'

const recoveryRow = z.object({
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
})
export type RecoveryRow = z.output<typeof recoveryRow>

const columns = sql`r.id, r.account_id as "accountId", a.app_id as "appId", r.recovery_key as "recoveryKey",
  r.new_key as "newKey", k.public_key as "newPublicKey", r.chain_name as "chainName", r.lock_id as "lockId",
  r.opens_at as "opensAt", r.requested_at as "requestedAt",
  case when r.state = 'open' and r.closes_at <= strongroom.now() then 'expired' else r.state end as state`
const from = sql`chain_accounts.recoveries as r join chain_accounts.accounts as a on a.id = r.account_id
  left join chain_accounts.keys as k on k.id = r.new_key`

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
    sql`select ${columns} from ${from}
         where r.account_id = ${accountId} and r.state = 'open' and r.closes_at > strongroom.now()
         order by r.requested_at desc limit 1`,
  )

export const findHeld = (statements: Statements, accountId: string): Promise<RecoveryRow | undefined> =>
  statements.maybe(
    recoveryRow,
    sql`select ${columns} from ${from} where r.account_id = ${accountId} and r.state = 'held'`,
  )

export const findRecovery = (
  statements: Statements,
  { id, accountId }: Pick<RecoveryRow, 'id' | 'accountId'>,
): Promise<RecoveryRow | undefined> =>
  statements.maybe(recoveryRow, sql`select ${columns} from ${from} where r.id = ${id} and r.account_id = ${accountId}`)

const MOST_LISTED = 100

export const findRecoveries = (statements: Statements, accountId: string): Promise<readonly RecoveryRow[]> =>
  statements.many(
    recoveryRow,
    sql`select ${columns} from ${from}
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

export const endRecovery = async (tx: Statements, id: string): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoverySigned,
      sql`
      update chain_accounts.recoveries set state = 'done', ended_at = strongroom.now() where id = ${id} and state = 'held'`,
    ),
  )) === 1

export const markCancelled = async (tx: Statements, { id, by }: { id: string; by: string }): Promise<boolean> =>
  (await tx.run(
    told(
      events.recoveryCancelled,
      sql`
      update chain_accounts.recoveries set state = 'cancelled', ended_at = strongroom.now()
       where id = ${id} and state in ('open', 'held')`,
      by,
    ),
  )) === 1

const told = (kind: EventKind, change: Query, by?: string): Query => sql`
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

/** Signed, and the new key not yet seen on the chain; looked for for a week. */
export const findUnsettled = (statements: Statements, limit: number): Promise<readonly RecoveryRow[]> =>
  statements.many(
    recoveryRow,
    sql`select ${columns} from ${from}
         where r.state = 'done' and r.settled_at is null and r.ended_at > strongroom.now() - interval '7 days'
         order by r.ended_at desc limit ${limit}`,
  )

export const markSettled = (tx: Statements, id: string): Promise<number> =>
  tx.run(sql`update chain_accounts.recoveries set settled_at = strongroom.now() where id = ${id}`)
