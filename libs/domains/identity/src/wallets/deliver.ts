import { recordEvent } from '@strongroom/audit'
import type { Keystore } from '@strongroom/hsm'
import { perform } from '@strongroom/jobs'
import { type Sender, Undeliverable } from '@strongroom/notify'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { deliverMessage } from '../jobs.ts'
import { openMessage } from './announce.ts'
import { messageUndeliverable } from './events.ts'
import { messageKinds, renderMessage } from './messages.ts'

export interface DeliveryDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly sender: Sender
}

const messageRow = z.object({
  id: z.uuid(),
  walletId: z.uuid().nullable(),
  kind: z.enum(messageKinds),
  contents: column.bytes,
})

const findMessage = (statements: Statements, id: string) =>
  statements.maybe(
    messageRow,
    sql`select id, wallet_id as "walletId", kind, contents from identity.messages
         where id = ${id} and contents is not null and sent_at is null and failed_at is null`,
  )

/** Sent once; twice only if we die after the provider took it and before we noted it, with the same id then. */
export const messageDeliverer = perform<DeliveryDeps>()(
  deliverMessage,
  async ({ messageId }, { database, hsm, sender }) => {
    const message = await findMessage(database, messageId)
    if (!message) return
    const { kind, walletId } = message
    const { to, link } = await openMessage(hsm, message)
    try {
      await sender.send({ id: messageId, channel: 'email', to, ...renderMessage(kind, link) })
    } catch (error) {
      // Refused for good: trying again would change nothing.
      if (!(error instanceof Undeliverable)) throw error
      await database.transaction(async (tx) => {
        await tx.run(
          sql`update identity.messages set failed_at = strongroom.now(), contents = null where id = ${messageId}`,
        )
        await recordEvent(tx, messageUndeliverable, { subject: walletId ?? '', detail: { message: messageId } })
      })
      return
    }
    await database.transaction(async (tx) => {
      await tx.run(
        sql`update identity.messages set sent_at = strongroom.now(), contents = null where id = ${messageId}`,
      )
      if (kind !== 'verify-address') return
      await tx.run(sql`update identity.wallets set mail_sent_at = strongroom.now() where id = ${walletId}`)
    })
  },
)

/** What was told, or could not be told, three months ago. */
export const purgeMessages = (statements: Statements): Promise<number> =>
  statements.run(sql`
    delete from identity.messages
     where created_at < strongroom.now() - interval '90 days' and (sent_at is not null or failed_at is not null)`)
