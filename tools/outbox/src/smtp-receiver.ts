import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { callbackify } from 'node:util'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerAddress, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Mailbox } from './mailbox.ts'

/** Bytes of one mail: ours are codes and links. */
const MOST_BYTES = 262_144

/** An SMTP server that takes every mail from anybody, with any password or none, and delivers it to the mailbox alone. */
export function smtpReceiver(mailbox: Mailbox): SMTPServer {
  const server = new SMTPServer({
    name: 'outbox',
    logger: false,
    disableReverseLookup: true,
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    authOptional: true,
    size: MOST_BYTES,
    // Senders keep connections open; stopping does not wait for them.
    closeTimeout: 200,
    onAuth: ({ username }, _session, done) => done(null, { user: username ?? '' }),
    onData: callbackify((stream: SMTPServerDataStream, { envelope }: SMTPServerSession) =>
      take(mailbox, stream, envelope.rcptTo),
    ),
  })
  // A client that hangs up in the middle is no reason to end.
  server.on('error', () => undefined)
  return server
}

async function take(mailbox: Mailbox, stream: SMTPServerDataStream, recipients: readonly SMTPServerAddress[]) {
  const raw = await buffer(stream)
  if (stream.sizeExceeded) throw Object.assign(new Error('too large'), { responseCode: 552 })
  const { messageId, subject = '', text = '', html = '' } = await PostalMime.parse(raw)
  const id = idOf(messageId)
  for (const { address } of recipients) {
    mailbox.add({ id, channel: 'email', to: address, subject, text: text.trimEnd(), html: html.trimEnd() })
  }
}

const idOf = (messageId: string | undefined): string => /^<?([^<>@]+)/.exec(messageId ?? '')?.[1] ?? randomUUID()
