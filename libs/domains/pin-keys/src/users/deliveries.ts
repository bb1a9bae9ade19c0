import { column, sql, type Statements } from '@strongroom/storage'
import { isCancellable } from '@strongroom/time-locks'
import { z } from 'zod'
import type { NoticeEvent } from './announce.ts'

const deliveryRow = z.object({
  keyId: z.uuid(),
  userId: z.uuid(),
  subject: z.string(),
  channel: z.enum(['email', 'sms']),
  contact: column.bytes,
  event: z.string().transform((event) => event as NoticeEvent),
  lockId: z.uuid().nullable(),
  opensAt: column.instant.nullable(),
  cancellable: z.boolean(),
})

/** What is still to be told, to somebody who may have been removed meanwhile. */
export const findDelivery = (statements: Statements, deliveryId: string) =>
  statements.maybe(
    deliveryRow,
    sql`select d.key_id as "keyId", d.user_id as "userId", encode(u.lookup, 'hex') as subject, u.channel, u.contact, d.event, d.lock_id as "lockId",
               d.opens_at as "opensAt", ${isCancellable(sql`d.lock_id`)} as cancellable
          from pin_keys.deliveries as d
          join pin_keys.users as u on u.id = d.user_id
         where d.id = ${deliveryId} and d.sent_at is null and d.failed_at is null`,
  )

export const markSent = (statements: Statements, deliveryId: string): Promise<number> =>
  statements.run(sql`update pin_keys.deliveries set sent_at = strongroom.now() where id = ${deliveryId}`)

export const markFailed = (statements: Statements, deliveryId: string): Promise<number> =>
  statements.run(sql`update pin_keys.deliveries set failed_at = strongroom.now() where id = ${deliveryId}`)

/** What was told, or could not be told, three months ago. */
export const purgeDeliveries = (statements: Statements): Promise<number> =>
  statements.run(sql`
    delete from pin_keys.deliveries
     where created_at < strongroom.now() - interval '90 days' and (sent_at is not null or failed_at is not null)`)
