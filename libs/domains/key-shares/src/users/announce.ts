import { addJobs } from '@strongroom/jobs'
import { sql, type Statements } from '@strongroom/storage'
import { sendEvent } from '../jobs.ts'
import type { Policies } from '../policies.ts'

export type EventType =
  | 'user.registered'
  | 'device.registered'
  | 'device.revoked'
  | 'face.registered'
  | 'keyshare.saved'
  | 'keyshare.recovered'
  | 'key.created'

/** Tells the operator's systems, in the transaction in which it happened: access tokens carry no address of a user. */
export async function announce(
  tx: Statements,
  { eventsTo }: Policies,
  event: { userId: string; type: EventType; detail?: Readonly<Record<string, string | number>> },
): Promise<void> {
  if (eventsTo === 'nobody') return
  const { userId, type, detail = {} } = event
  await tx.run(sql`
    with told as (
      insert into key_shares.events (user_id, type, detail) values (${userId}, ${type}, ${JSON.stringify(detail)}::jsonb)
      returning id
    )
    select ${addJobs(sendEvent, { from: sql`told`, payload: sql`json_build_object('eventId', id)` })}`)
}
