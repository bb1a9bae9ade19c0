import { emailOverSmtp } from './email-over-smtp.ts'
import type { Sender } from './message.ts'
import { route } from './route.ts'
import type { NotifyValues } from './settings.ts'
import { smsByHttp } from './sms-by-http.ts'
import { smsByTwilio } from './sms-by-twilio.ts'

/**
 * The senders that a configuration names, with what `pushFrom` made of its own; a channel that is not named refuses with
 * `channelMissing`.
 * @throws TypeError where it is half given, names two SMS providers, or cannot be read; names variables, never values.
 */
export function sendersFrom(values: NotifyValues, { push }: { push?: Sender | undefined } = {}): Required<Sender> {
  const email = emailFrom(values)
  const sms = smsFrom(values)
  return route({ ...(email && { email }), ...(sms && { sms }), ...(push && { push }) })
}

function emailFrom({ SMTP_URL: url, MAIL_FROM: from }: NotifyValues): Sender | undefined {
  if (url && from) return emailOverSmtp({ url, from })
  if (url || from) throw new TypeError('SMTP_URL and MAIL_FROM are given together')
  return undefined
}

function smsFrom(values: NotifyValues): Sender | undefined {
  const http = smsHttpFrom(values)
  const twilio = twilioFrom(values)
  if (http && twilio) throw new TypeError('SMS_HTTP_… and TWILIO_… are two SMS providers: give one')
  return http ?? twilio
}

function smsHttpFrom({ SMS_HTTP_URL: url, SMS_HTTP_TOKEN: bearer }: NotifyValues): Sender | undefined {
  if (url && bearer) return smsByHttp({ url, bearer })
  if (url || bearer) throw new TypeError('SMS_HTTP_URL and SMS_HTTP_TOKEN are given together')
  return undefined
}

function twilioFrom(values: NotifyValues): Sender | undefined {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_FROM: from } = values
  if (accountSid && authToken && from) return smsByTwilio({ accountSid, authToken, from })
  if (accountSid || authToken || from) {
    throw new TypeError('TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM are given together')
  }
  return undefined
}
