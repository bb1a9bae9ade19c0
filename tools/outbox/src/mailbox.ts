import { appendFileSync } from 'node:fs'

/** What somebody was told, as `GET /messages` shows it. */
export interface Told {
  /** What the sender calls it: the id of an SMS or push, of a mail the part of its `Message-ID` before the `@`. */
  readonly id: string
  readonly channel: 'email' | 'sms' | 'push'
  readonly to: string
  /** Empty where the channel has none, as is `html`. */
  readonly subject: string
  readonly text: string
  readonly html: string
  /** What a push carries for the app on the device; empty otherwise. */
  readonly data: Readonly<Record<string, string>>
  /** ISO 8601, of this machine's clock. */
  readonly at: string
}

/** One delivery: the same message told twice is two of them. */
export interface Delivery extends Told {
  /** Counts the deliveries of this run: unlike the id, no two have the same. */
  readonly number: number
}

export interface Mailbox {
  add(told: Omit<Told, 'at' | 'data'> & Partial<Pick<Told, 'data'>>): void
  /** Newest first; of one recipient, compared exactly, where one is given. */
  list(to?: string): readonly Delivery[]
  find(number: number): Delivery | undefined
  empty(): void
}

export interface MailboxLimits {
  readonly deliveries: number
  /** Characters of all that is kept together. */
  readonly size: number
  /** Where each delivery is written too, as a line of JSON; only its owner may read it. */
  readonly file?: string
}

/** Keeps what is newest within the limits, in memory. */
export function openMailbox({ deliveries, size, file }: MailboxLimits): Mailbox {
  let kept: Delivery[] = []
  let keptSize = 0
  let number = 0
  const forgetOldest = () => {
    let gone = 0
    while (kept.length - gone > deliveries || keptSize > size) keptSize -= sizeOf(kept[gone++])
    if (gone > 0) kept = kept.slice(gone)
  }
  return {
    add(told) {
      const delivery = { data: {}, ...told, at: new Date().toISOString(), number: ++number }
      kept.push(delivery)
      keptSize += sizeOf(delivery)
      forgetOldest()
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(withoutNumber(delivery))}\n`, { mode: 0o600 })
    },
    list: (to) => kept.filter((one) => to === undefined || one.to === to).toReversed(),
    find: (wanted) => kept.find((one) => one.number === wanted),
    empty() {
      kept = []
      keptSize = 0
    },
  }
}

const sizeOf = (one: Delivery | undefined): number =>
  one
    ? one.to.length +
      one.subject.length +
      one.text.length +
      one.html.length +
      JSON.stringify(one.data).length -
      '{}'.length
    : 0

/** A delivery as the list shows it, field by field: their order is part of what people read. */
export const withoutNumber = ({ id, channel, to, subject, text, html, data, at }: Delivery): Told => ({
  id,
  channel,
  to,
  subject,
  text,
  html,
  data,
  at,
})
