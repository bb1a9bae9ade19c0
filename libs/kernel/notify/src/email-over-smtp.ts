import type { Secret } from '@strongroom/crypto'
import { createTransport } from 'nodemailer'
import { domainOf, isOneAddress, type Mailbox, readMailbox } from './address.ts'
import { Undeliverable } from './errors.ts'
import { exposeText } from './expose-text.ts'
import { checkId, type Message, type Sender } from './message.ts'
import { oneLine } from './one-line.ts'
import { asSmtpFailure } from './smtp-failure.ts'
import { readSmtpUrl } from './smtp-options.ts'

export interface SmtpOptions {
  /** See `readSmtpUrl`. */
  readonly url: Secret | string
  /** `keys@example.com` or `Example <keys@example.com>`. */
  readonly from: string
  /** Milliseconds for one message, from `send` to the server's last word; 20,000 where none are given. */
  readonly timeoutMs?: number
}

/**
 * Sends e-mail through one SMTP server over a few connections that stay open. `Message-ID` is made of the message's id,
 * so that what arrives twice can be seen to be one.
 * @throws TypeError where the configuration cannot be read.
 */
export function emailOverSmtp({ url, from, timeoutMs = 20_000 }: SmtpOptions): Required<Sender> {
  const sender = readMailbox(from)
  const transport = createTransport({
    ...readSmtpUrl(exposeText(url)),
    pool: true,
    // Only a connection that broke before a byte of the message was sent; the rest is the caller's retry.
    maxRequeues: 1,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    logger: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send(message) {
      const mail = toMail(message, sender)
      await transport.sendMail({ ...mail, signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
        throw asSmtpFailure(error)
      })
    },
    close: () => transport.close(),
  }
}

function toMail(message: Message, from: Mailbox) {
  const id = checkId(message)
  // A second address in `to`, or a line break, would mail whomever an attacker likes.
  if (!isOneAddress(message.to)) throw new Undeliverable({ channel: 'email', code: 'address' })
  return {
    messageId: `<${id}@${domainOf(from.address)}>`,
    from,
    to: { name: '', address: message.to },
    subject: oneLine(message.subject),
    text: message.text,
    ...(message.html !== undefined && { html: message.html }),
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
}
