import { addJobs } from '@strongroom/jobs'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deliverNotice } from '../jobs.ts'

/** What users are told of. The words stand in `messages.ts`. */
export type NoticeEvent =
  | 'pin-changed'
  | 'key-erased'
  | 'user-added'
  | 'user-removed'
  | 'reset-armed'
  | 'reset-half-time'
  | 'reset-open'
  | 'reset-done'
  | 'reset-cancelled'
  | 'reset-lapsed'

export interface Announcement {
  readonly keyId: string
  readonly event: NoticeEvent
  /** The reset that it is about: messages carry a link that cancels it. */
  readonly lock?: { readonly id: string; readonly opensAt: Date }
}

/**
 * Tells every verified user of the key, in the transaction in which it happened: a row to deliver and a job for each.
 * Before users are removed, so that they are told as well.
 */
export const announce = (tx: Statements, { keyId, event, lock }: Announcement): Promise<number> =>
  tx.run(sql`
    with told as (
      insert into pin_keys.deliveries (key_id, user_id, event, lock_id, opens_at)
      select key_id, id, ${event}, ${lock?.id ?? null}::uuid, ${lock?.opensAt ?? null}::timestamptz
        from pin_keys.users
       where key_id = ${keyId} and verified_at is not null and removed_at is null
      returning id
    )
    select ${addJobs(deliverNotice, { from: sql`told`, payload: sql`json_build_object('deliveryId', id)` })}`)

const NOTICES_PER_DAY = 60

/**
 * When the key may be changed again, if its changes of a day have told its users enough. A notice is never held back, so
 * what causes it is: else whoever knows one PIN could have us send any number of messages.
 */
export const findChangeLimit = async (tx: Statements, keyId: string): Promise<Date | undefined> =>
  (
    await tx.maybe(
      z.object({ until: column.instant }),
      sql`select created_at + interval '1 day' as until from pin_keys.deliveries
           where key_id = ${keyId} and event in ('pin-changed', 'user-added', 'user-removed')
             and created_at > strongroom.now() - interval '1 day'
           order by created_at desc offset ${NOTICES_PER_DAY - 1} limit 1`,
    )
  )?.until
