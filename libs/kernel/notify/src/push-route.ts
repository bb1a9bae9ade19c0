import { Undeliverable } from './errors.ts'
import type { Sender } from './message.ts'
import { readPushAddress } from './push-address.ts'

export interface PushSenders {
  readonly fcm?: Sender
  readonly web?: Sender
}

/**
 * One sender for every device: `fcm:…` goes to one, `web:…` to the other.
 * @throws Undeliverable for an address that is neither, and with reason `channelMissing` where nobody serves its kind.
 */
export function pushRoute(senders: PushSenders): Required<Sender> {
  return {
    async send(message) {
      const address = readPushAddress(message.to)
      if (!address) throw new Undeliverable({ channel: 'push', code: 'address' })
      const sender = senders[address.provider]
      if (!sender) throw new Undeliverable({ channel: 'push', code: address.provider }, 'channelMissing')
      await sender.send(message)
    },
    close() {
      for (const sender of [senders.fcm, senders.web]) sender?.close?.()
    },
  }
}
