export type Channel = 'email' | 'sms' | 'push'

/** What one person is told over one channel. */
export interface Message {
  /** The id of the row that is delivered: equal for every attempt, so that a doubled delivery can be recognised. */
  readonly id: string
  readonly channel: Channel
  /** One address, one number in E.164, or one device: `fcm:<token>` or `web:<PushSubscription as JSON>`. */
  readonly to: string
  /** Of an e-mail and a push; an SMS has none. */
  readonly subject: string
  readonly text: string
  readonly html?: string
  /** Of a push alone: what the app on the device reads. Whoever runs the push service reads it too, unless it is Web Push. */
  readonly data?: Readonly<Record<string, string>>
  /** Of a push alone: for how long it is worth something to a device that is off; as the sender has it where none is given. */
  readonly keepSeconds?: number
}

export interface Sender {
  /**
   * Hands one message to the provider; resolves when the provider has taken it. Never inside a transaction.
   * @throws ProviderUnavailable nothing is known to be delivered: try again later, with the same id.
   * @throws Undeliverable it will not be taken, however often it is tried.
   */
  send(message: Message): Promise<void>
  /** Ends idle connections. What is under way fails as an outage. */
  close?(): void
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Ids travel in headers; they are ours, so one that does not fit is a bug. */
export function checkId({ id }: Message): string {
  if (!idPattern.test(id)) throw new TypeError('the id of a message is 1 to 128 letters, digits, dots, dashes')
  return id
}
