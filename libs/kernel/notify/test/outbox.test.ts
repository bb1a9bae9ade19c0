import { Secret } from '@strongroom/crypto'
import { type Outbox, startOutbox, type Subscription, type Told } from '@strongroom/outbox'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  emailOverSmtp,
  type Message,
  pushAddressCheck,
  pushFrom,
  pushSettings,
  type PushValues,
  route,
  type Sender,
  smsByHttp,
} from '../src/index.ts'
import { failureOf } from './leak-trap.ts'

test('what an app sends is what the outbox of the development world shows', async () => {
  const outbox = await startOutbox()
  const sender = route({
    email: emailOverSmtp({ url: outbox.smtp, from: 'keys@example.com' }),
    sms: smsByHttp({ url: `${outbox.url}/sms`, bearer: new Secret('any') }),
  })
  const sms = { id: 'sms-1', channel: 'sms', to: '+447912345678', subject: '', text: 'Your code is: 1' } as const
  const mail = {
    id: 'mail-1',
    channel: 'email',
    to: 'a@example.com',
    subject: 'Code',
    text: '1',
    html: '<p>1</p>',
  } as const
  try {
    for (const message of [sms, mail, mail]) await sender.send(message)
    const shown = (await (await fetch(`${outbox.url}/messages`)).json()) as Told[]
    expect(shown).toMatchObject([mail, mail, { ...sms, html: '' }])
  } finally {
    sender.close()
    await outbox.stop()
  }
})

const messagesOf = async ({ url }: Outbox) => (await (await fetch(`${url}/messages`)).json()) as Told[]
/** Settings as the service reads them from the variables that the outbox names. */
const read = async ({ push }: Outbox) => {
  const environment: Record<string, string> = await push.environment()
  return Object.fromEntries(
    Object.entries(pushSettings).map(([name, { schema }]) => [name, schema.parse(environment[name])]),
  ) as unknown as PushValues
}

const message = (to: string): Message => ({
  id: 'push-1',
  channel: 'push',
  to,
  subject: 'New login',
  text: 'Tap to approve',
  data: { sessionId: '7', shortCode: '01234567' },
})

describe('what an app pushes', () => {
  let outbox: Outbox
  let sender: Required<Sender>
  let values: PushValues
  beforeEach(async () => {
    outbox = await startOutbox()
    values = await read(outbox)
    sender = pushFrom(values) as Required<Sender>
  })
  afterEach(async () => {
    sender.close()
    await outbox.stop()
  })
  const browser = (name?: string) => `web:${JSON.stringify(outbox.push.subscribe(name))}`
  const subscribed = async () =>
    (await (
      await fetch(`${outbox.url}/push/subscriptions`, { method: 'POST', body: '{"name":"laptop"}' })
    ).json()) as Subscription

  test('to a phone and to a browser arrives as it was sent', async () => {
    const subscription = await subscribed()
    const { to: _, ...told } = message('')
    await sender.send(message('fcm:phone-1'))
    await sender.send(message(`web:${JSON.stringify(subscription)}`))
    const at = expect.any(String) as string
    expect(await messagesOf(outbox)).toEqual([
      { ...told, to: subscription.endpoint, html: '', at },
      { ...told, to: 'phone-1', html: '', at },
    ])
  })

  test('to a device that is gone says so; one that is down may come back', async () => {
    for (const to of ['fcm:gone-1', browser('gone-1')]) {
      expect(pushAddressCheck(values)(to)).toBe(true)
      expect(await failureOf(sender.send(message(to)))).toMatchObject({
        name: 'Undeliverable',
        reason: 'recipientGone',
      })
    }
    for (const to of ['fcm:down-1', browser('down-1')]) {
      expect(await failureOf(sender.send(message(to)))).toMatchObject({
        name: 'ProviderUnavailable',
        code: 'http-503',
        retryAfterSeconds: 5,
      })
    }
    expect(await messagesOf(outbox)).toEqual([])
  })

  test('to a subscription that the push service forgot is gone too', async () => {
    const { endpoint, keys } = outbox.push.subscribe()
    const to = `web:${JSON.stringify({ endpoint: endpoint.replace('browser', 'other'), keys })}`
    expect(await failureOf(sender.send(message(to)))).toMatchObject({ reason: 'recipientGone', code: 'http-404' })
  })

  test('as another service account is not taken', async () => {
    const other = await startOutbox()
    const { FCM_SERVICE_ACCOUNT } = await read(other)
    await other.stop()
    const stranger = pushFrom({ ...values, FCM_SERVICE_ACCOUNT }) as Required<Sender>
    const error = await failureOf(stranger.send(message('fcm:phone-1')))
    stranger.close()
    expect(error).toMatchObject({ name: 'ProviderMisconfigured', code: 'token-400' })
    expect(await messagesOf(outbox)).toEqual([])
  })
})
