import { addJobs } from '@strongroom/jobs'
import { sql, type Statements } from '@strongroom/storage'
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
