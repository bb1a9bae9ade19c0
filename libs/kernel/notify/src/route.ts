import { Undeliverable } from './errors.ts'
import type { Channel, Sender } from './message.ts'

export type Senders = { readonly [C in Channel]?: Sender }

/**
 * One sender for all channels.
 * @throws Undeliverable with reason `channelMissing`, for a channel that nothing serves.
 */
export function route(senders: Senders): Required<Sender> {
  return {
    async send(message) {
      const { channel } = message
      const sender = senders[channel]
      if (!sender) throw new Undeliverable({ channel, code: 'none' }, 'channelMissing')
      await sender.send(message)
    },
    close() {
      for (const sender of [senders.email, senders.sms, senders.push]) sender?.close?.()
    },
  }
}
