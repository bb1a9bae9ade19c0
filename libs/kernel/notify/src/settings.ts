import { Secret } from '@strongroom/crypto'
import { z } from 'zod'

const optional = <Schema extends z.ZodType<unknown, string | undefined>>(schema: Schema, meaning: string) => ({
  schema,
  meaning,
  secret: false,
  shown: 'none',
})
const secret = (meaning: string) => ({
  schema: z
    .string()
    .transform((text) => new Secret(text.replace(/\r?\n$/, '')))
    .optional(),
  meaning,
  secret: true,
  shown: 'none',
})
const text = z.string().min(1).optional()

/** Variables for an app's settings, in the shape that the service reads; `sendersFrom` takes what was read. */
export const notifySettings = {
  SMTP_URL: secret('The mail server: `smtp://user:password@host:587` (STARTTLS is demanded) or `smtps://…:465`.'),
  MAIL_FROM: optional(text, 'The sender of every mail: `keys@example.com` or `Example <keys@example.com>`.'),
  SMS_HTTP_URL: optional(text, 'A gateway that takes `POST` of `{ id, to, text }`; https, or http on this machine.'),
  SMS_HTTP_TOKEN: secret('The bearer token of that gateway.'),
  TWILIO_ACCOUNT_SID: optional(text, 'The Twilio account that sends SMS, `AC…`; instead of `SMS_HTTP_URL`.'),
  TWILIO_AUTH_TOKEN: secret('The token of that account.'),
  TWILIO_FROM: optional(text, 'The number, name or messaging service (`MG…`) that Twilio sends from.'),
}

export type NotifyValues = {
  readonly [Name in keyof typeof notifySettings]: z.output<(typeof notifySettings)[Name]['schema']>
}
