import type { SMTPPoolOptions } from 'nodemailer'
import { isLoopback } from './loopback.ts'

/**
 * Reads `smtp://user:password@host:587` and `smtps://...:465`. TLS is demanded (STARTTLS for `smtp:`) and its certificate
 * verified, always. Only on this machine `smtp:` speaks plainly, unless `?starttls=required` asks for it there too.
 * @throws TypeError where the text is no such URL; never repeats it, since it holds a password.
 */
export function readSmtpUrl(text: string): SMTPPoolOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const query = url?.search ?? ''
  if (!url || !/^smtps?:$/.test(url.protocol) || !url.hostname || !['', '?starttls=required'].includes(query)) {
    throw new TypeError('the SMTP URL is smtp://user:password@host:port or smtps://…')
  }
  const secure = url.protocol === 'smtps:'
  const plain = !secure && isLoopback(url) && query === ''
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && !plain,
    ignoreTLS: plain,
    ...(url.username && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
  }
}
