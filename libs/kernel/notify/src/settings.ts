import { Secret } from '@strongroom/crypto'
import { z } from 'zod'
import { usualPushHosts } from './push-hosts.ts'

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

const hosts = z
  .string()
  .default(usualPushHosts.join(','))
  .transform((list): readonly string[] => list.split(',').map((one) => one.trim()))

/** Variables for the settings of an app that pushes; `pushFrom` and `pushDoors` take what was read. */
export const pushSettings = {
  FCM_SERVICE_ACCOUNT: secret('The JSON key of the service account that sends through Firebase Cloud Messaging.'),
  VAPID_SUBJECT: optional(text, 'Whom push services of browsers write to: `mailto:…` or `https://…`.'),
  VAPID_PUBLIC_KEY: optional(text, 'The key that browsers subscribe with: P-256, base64url.'),
  VAPID_PRIVATE_KEY: secret('Its private half: 32 bytes, base64url.'),
  PUSH_WEB_ALLOWED_HOSTS: {
    schema: hosts,
    meaning:
      'Push services that browsers may name, comma-separated: `push.example.com`, `*.example.com`, or `*` for any at a public address.',
    secret: false,
    shown: 'those of Chrome, Firefox, Safari, Edge',
  },
  PUSH_DEVELOPMENT_URL: optional(text, 'Development only: https on this machine, which takes every push instead.'),
  PUSH_DEVELOPMENT_CA: optional(text, 'Development only: the certificate that vouches for it, PEM.'),
}

export type PushValues = {
  readonly [Name in keyof typeof pushSettings]: z.output<(typeof pushSettings)[Name]['schema']>
}
