import { appendEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { recordHeld } from './events.ts'

export type HoldReason = 'rotated' | 'changed' | 'deleted' | 'restored' | 'started-over' | 'upgraded' | 'displaced'

/**
 * Copies the record as it stands, its sealed rows unopened, before something of it is replaced or removed: one
 * statement of the caller's transaction. What a restore displaced is not its DID's to bring back.
 */
export const holdRecord = (
  tx: Statements,
  { accountId, reason, seconds }: { accountId: string; reason: HoldReason; seconds: number },
): Promise<number> =>
  tx.run(sql`
    with copied as (
      insert into secret_shares.held (account_id, lookup, did, share_version, reason, restorable, record, until)
      select a.id, a.lookup, a.primary_did, a.share_version, ${reason}, ${reason !== 'displaced'}, jsonb_build_object(
               'account', to_jsonb(a),
               'logins', (select coalesce(jsonb_agg(to_jsonb(l)), '[]') from secret_shares.logins as l where l.account_id = a.id),
               'shares', (select coalesce(jsonb_agg(to_jsonb(s)), '[]') from secret_shares.shares as s where s.account_id = a.id),
               'methods', (select coalesce(jsonb_agg(to_jsonb(m) order by m.id), '[]') from secret_shares.recovery_methods as m where m.account_id = a.id)
             ), strongroom.now() + make_interval(secs => ${seconds})
        from secret_shares.accounts as a where a.id = ${accountId}
      returning account_id, share_version
    )
    ${appendEvent(recordHeld, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('reason', ${reason}::text, 'version', share_version)`,
      from: sql`copied`,
    })}`)

/** Copies of one reason within a day, of all records of a contact: a deleted one starts no new day. */
export const countHeld = async (tx: Statements, lookup: Uint8Array, reason: HoldReason): Promise<number> =>
  (
    await tx.one(
      z.object({ count: column.count }),
      sql`select count(*)::int as count from secret_shares.held
           where lookup = ${lookup} and reason = ${reason} and held_at > strongroom.now() - interval '1 day'`,
    )
  ).count

/** What nobody can want back any more. */
export const shredHeld = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from secret_shares.held where until <= strongroom.now()`)
