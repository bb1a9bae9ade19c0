import { toHex } from '@strongroom/crypto'
import { addJobs } from '@strongroom/jobs'
import { column, sql, type Statements } from '@strongroom/storage'
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

/** Tells the owner, in the transaction in which it happened, before the record is removed or moved. */
export const announce = (tx: Statements, { id }: Told, event: NoticeEvent): Promise<number> =>
  tx.run(sql`
    with told as (
      insert into secret_shares.notices (account_id, owner, contact_type, contact, event)
      select id, encode(lookup, 'hex') || '/' || primary_did, contact_type, contact, ${event}
        from secret_shares.accounts where id = ${id}
      returning id
    )
    select ${addJobs(deliverNotice, { from: sql`told`, payload: sql`json_build_object('noticeId', id)` })}`)

/** Of refused attempts the owner is told once a day: whoever makes them decides how many there are. */
export async function announceRefusal(tx: Statements, account: Told & Counted): Promise<void> {
  if (await isLimited(tx, account, { events: ['attempt-refused'], most: 1 })) return
  await announce(tx, account, 'attempt-refused')
}

/** Reads are not among them: a login alone reads, and must not use up what the owner may change. */
const changes: readonly NoticeEvent[] = [
  'share-rotated',
  'recovery-added',
  'recovery-email-changed',
  'contact-upgraded',
]

/** What counts against a contact: the same for every record that it ever had. */
interface Counted {
  readonly lookup: Uint8Array
}

/**
 * Whether what happened to a contact's records within a day has told their owner enough. A notice is never held back, so
 * what causes it is: else whoever holds a login could have us send any number of messages. Counted at once, two would both
 * find room: they queue up here until the caller's transaction ends. Before any record is held, so that nobody waits in a
 * circle.
 */
export const isLimited = async (
  tx: Statements,
  account: Counted,
  { events = changes, most }: { events?: readonly NoticeEvent[]; most: number },
): Promise<boolean> => {
  const lookup = toHex(account.lookup)
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`secret_shares/notices/${lookup}`}, 0))`)
  const { count } = await tx.one(
    z.object({ count: column.count }),
    sql`select count(*)::int as count from secret_shares.notices
         where split_part(owner, '/', 1) = ${lookup} and event = any (${events}::text[]) and created_at > strongroom.now() - interval '1 day'`,
  )
  return count >= most
}
