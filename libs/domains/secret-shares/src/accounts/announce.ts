import { addJobs } from '@strongroom/jobs'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deliverNotice } from '../jobs.ts'

/** What owners are told of. The words stand in `messages.ts`. */
export const noticeEvents = [
  'share-rotated',
  'recovery-added',
  'recovery-read',
  'recovery-email-changed',
  'contact-upgraded',
  'account-deleted',
  'account-restored',
  'start-over-armed',
  'start-over-half-time',
  'start-over-open',
  'start-over-done',
  'start-over-cancelled',
  'start-over-lapsed',
  'attempt-refused',
] as const
export type NoticeEvent = (typeof noticeEvents)[number]

/** A record whose owner is told: its contact goes with the notice, for the record may be gone when it is sent. */
interface Told {
  readonly id: string
}

const tell = (accountId: string, event: NoticeEvent, where: Query): Query => sql`
    with told as (
      insert into secret_shares.notices (account_id, owner, contact_type, contact, event)
      select id, encode(lookup, 'hex') || '/' || primary_did, contact_type, contact, ${event}
        from secret_shares.accounts where id = ${accountId} and ${where}
      returning id
    )
    select ${addJobs(deliverNotice, { from: sql`told`, payload: sql`json_build_object('noticeId', id)` })}`

/** Tells the owner, in the transaction in which it happened, before the record is removed or moved. */
export const announce = (tx: Statements, { id }: Told, event: NoticeEvent): Promise<number> =>
  tx.run(tell(id, event, sql`true`))

/** Of refused attempts the owner is told once a day: whoever makes them decides how many there are. */
export const announceRefusal = (tx: Statements, { id }: Told): Promise<number> =>
  tx.run(
    tell(
      id,
      'attempt-refused',
      sql`not exists (select from secret_shares.notices
                       where account_id = ${id} and event = 'attempt-refused' and created_at > strongroom.now() - interval '1 day')`,
    ),
  )

const caused = ['share-rotated', 'recovery-added', 'recovery-read', 'recovery-email-changed', 'contact-upgraded']

/**
 * Whether what happened to a record within a day has told its owner enough. A notice is never held back, so what causes
 * it is: else whoever holds a login could have us send any number of messages.
 */
export const isLimited = async (
  tx: Statements,
  { id }: Told,
  { events = caused, most }: { events?: readonly string[]; most: number },
): Promise<boolean> => {
  const { count } = await tx.one(
    z.object({ count: column.count }),
    sql`select count(*)::int as count from secret_shares.notices
         where account_id = ${id} and event = any (${events}::text[]) and created_at > strongroom.now() - interval '1 day'`,
  )
  return count >= most
}
