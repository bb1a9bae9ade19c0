import type { Secret } from '@strongroom/crypto'
import type { RequestClient, Twilio } from 'twilio'
import { withDeadline } from './deadline.ts'
import { exposeText } from './expose-text.ts'
import { checkId, type Sender } from './message.ts'
import { asTwilioFailure } from './twilio-failure.ts'

export interface TwilioOptions {
  /** `AC…`. */
  readonly accountSid: string
  readonly authToken: Secret
  /** A number in E.164, a name that Twilio allows, or a messaging service `MG…`. */
  readonly from: string
  /** Where the requests go; Twilio's own where none is given. */
  readonly httpClient?: RequestClient
  /** Milliseconds for one message; 10,000 where none are given. */
  readonly timeoutMs?: number
}

/**
 * Sends SMS through Twilio. Its SDK is large: it is loaded at the first message.
 * @throws TypeError where the account is none of Twilio's.
 */
export function smsByTwilio({ timeoutMs = 10_000, ...options }: TwilioOptions): Sender {
  if (!/^AC[0-9a-f]{32}$/.test(options.accountSid)) throw new TypeError('a Twilio account is AC and 32 hex digits')
  const origin = options.from.startsWith('MG') ? { messagingServiceSid: options.from } : { from: options.from }
  let opening: Promise<Twilio> | undefined
  return {
    async send(message) {
      checkId(message)
      opening ??= openTwilio(options, timeoutMs)
      const created = opening.then((client) =>
        client.messages.create({ ...origin, to: message.to, body: message.text }),
      )
      await withDeadline(timeoutMs, created).catch((error: unknown) => {
        throw asTwilioFailure(error)
      })
    },
  }
}

async function openTwilio({ accountSid, authToken, httpClient }: TwilioOptions, timeout: number): Promise<Twilio> {
  const { default: twilio } = await import('twilio')
  // Given, if empty, so that no variable of the process points it elsewhere or makes it log.
  const fixed = { edge: '', region: '', logLevel: 'error', autoRetry: false }
  const options = { ...fixed, timeout, ...(httpClient && { httpClient }) }
  return twilio(accountSid, exposeText(authToken), options)
}
