import { recordEvent } from '@strongroom/audit'
import type { Keystore } from '@strongroom/hsm'
import { perform } from '@strongroom/jobs'
import { type Sender, Undeliverable } from '@strongroom/notify'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deliverNotice } from '../jobs.ts'
import { noticeEvents } from './announce.ts'
import { noticeUndeliverable } from './events.ts'
import { renderNotice } from './messages.ts'
import { openText } from './names.ts'

export interface DeliveryDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly sender: Sender
}

const noticeRow = z.object({
  accountId: z.uuid(),
  owner: z.string(),
  contactType: z.enum(['email', 'phone']),
  contact: column.bytes,
  event: z.enum(noticeEvents),
})

const findNotice = (statements: Statements, noticeId: string) =>
  statements.maybe(
    noticeRow,
    sql`select account_id as "accountId", owner, contact_type as "contactType", contact, event
          from secret_shares.notices where id = ${noticeId} and sent_at is null and failed_at is null`,
  )

/** Sent once; twice only if we die after the provider took it and before we noted it, with the same id then. */
export const noticeDeliverer = perform<DeliveryDeps>()(
  deliverNotice,
  async ({ noticeId }, { database, hsm, sender }) => {
    const notice = await findNotice(database, noticeId)
    if (!notice) return
    const { accountId, contactType, contact: envelope } = notice
    const to = await openText(hsm, notice, { purpose: 'contact', envelope })
    const channel = contactType === 'phone' ? 'sms' : 'email'
    try {
      await sender.send({ id: noticeId, channel, to, ...renderNotice(notice.event) })
    } catch (error) {
      // Refused for good: trying again would change nothing.
      if (!(error instanceof Undeliverable)) throw error
      await database.transaction(async (tx) => {
        await tx.run(sql`update secret_shares.notices set failed_at = strongroom.now() where id = ${noticeId}`)
        await recordEvent(tx, noticeUndeliverable, { subject: accountId, detail: { notice: noticeId } })
      })
      return
    }
    await database.run(sql`update secret_shares.notices set sent_at = strongroom.now() where id = ${noticeId}`)
  },
)

/** What was told, or could not be told, three months ago. */
export const purgeNotices = (statements: Statements): Promise<number> =>
  statements.run(sql`
    delete from secret_shares.notices
     where created_at < strongroom.now() - interval '90 days' and (sent_at is not null or failed_at is not null)`)
