import { recordEvent } from '@strongroom/audit'
import { drawCode } from '@strongroom/codes'
import { fromUtf8 } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { perform } from '@strongroom/jobs'
import { type Message, type Sender, Undeliverable } from '@strongroom/notify'
import type { Database } from '@strongroom/storage'
import { issueCancelLink } from '@strongroom/time-locks'
import { deliverNotice, sendCode } from '../jobs.ts'
import type { Policies } from '../policies.ts'
import { findDelivery, markFailed, markSent } from './deliveries.ts'
import { noticeUndeliverable } from './events.ts'
import { openContact } from './identify.ts'
import { codeMessage, renderNotice } from './messages.ts'
import { findContact } from './store.ts'

export interface DeliveryDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  readonly sender: Sender
  /** Where people reach this app: the beginning of the links in messages. */
  readonly publicUrl: string
}

/** A provider that refuses for good ends it: trying again would change nothing. */
const sendUnlessRefused = async (sender: Sender, message: Message): Promise<'sent' | 'refused'> => {
  try {
    await sender.send(message)
    return 'sent'
  } catch (error) {
    if (error instanceof Undeliverable) return 'refused'
    throw error
  }
}

export const codeSender = perform<DeliveryDeps>()(
  sendCode,
  async ({ codeId, userId }, { database, hsm, policies, sender }, { number }) => {
    const found = await findContact(database, userId)
    if (!found) return
    const to = await openContact(hsm, found, found.contact)
    const drawn = await drawCode({ database, hsm }, policies.codes, codeId)
    // A code for another user than this one: nobody asked for that here.
    if (drawn?.subject !== found.subject) return
    const words = codeMessage.render({ code: fromUtf8(drawn.code.expose()) })
    // Another attempt is another code: a mailbox that drops doubles by their id must not show the dead one alone.
    await sendUnlessRefused(sender, { id: `${codeId}-${String(number)}`, channel: found.channel, to, ...words })
  },
)

const cancelLink = (publicUrl: string, token: string) => `${publicUrl.replace(/\/$/, '')}/v2/cancel/${token}`

/** Sent once; twice only if we die after the provider took it and before we noted it, with the same id then. */
export const noticeDeliverer = perform<DeliveryDeps>()(
  deliverNotice,
  async ({ deliveryId }, { database, hsm, sender, publicUrl }) => {
    const delivery = await findDelivery(database, deliveryId)
    if (!delivery) return
    const { userId, event, lockId, opensAt, cancellable } = delivery
    const to = await openContact(hsm, delivery, delivery.contact)
    const link = lockId && cancellable ? cancelLink(publicUrl, await issueCancelLink(database, lockId)) : ''
    const words = renderNotice(event, { opensAt, link })
    const outcome = await sendUnlessRefused(sender, { id: deliveryId, channel: delivery.channel, to, ...words })
    if (outcome === 'sent') return void (await markSent(database, deliveryId))
    await database.transaction(async (tx) => {
      await markFailed(tx, deliveryId)
      await recordEvent(tx, noticeUndeliverable, {
        subject: delivery.keyId,
        detail: { user: userId, delivery: deliveryId },
      })
    })
  },
)
