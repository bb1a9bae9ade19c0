import { Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { Undeliverable } from './errors.ts'
import type { Message } from './message.ts'
import { route } from './route.ts'
import { sendersFrom } from './senders-from.ts'
import { notifySettings, type NotifyValues } from './settings.ts'

/** Reads an environment as the service does. */
const read = (env: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(notifySettings).map(([name, { schema }]) => [name, schema.parse(env[name])]),
  ) as unknown as NotifyValues

const message = (channel: Message['channel']): Message => ({ id: 'a', channel, to: 'b', subject: '', text: '' })

test('a message goes to the sender of its channel', async () => {
  const sent: string[] = []
  const to = (name: string) => ({ send: async ({ id }: Message) => void sent.push(`${name} ${id}`) })
  const sender = route({ email: to('mail'), push: to('push') })
  await sender.send(message('push'))
  await sender.send(message('email'))
  expect(sent).toEqual(['push a', 'mail a'])
})

test('a channel that nothing serves is undeliverable, and says so', async () => {
  const sender = sendersFrom(read({}))
  for (const channel of ['email', 'sms', 'push'] as const) {
    const error: unknown = await sender.send(message(channel)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Undeliverable)
    expect(error).toMatchObject({ channel, reason: 'channelMissing' })
  }
})

const send = () => Promise.resolve()

test('closing closes what can be closed', () => {
  let closed = 0
  const close = () => void closed++
  route({ email: { send, close }, sms: { send }, push: { send, close } }).close()
  expect(closed).toBe(2)
})

const account = `AC${'0'.repeat(32)}`

test.each([
  { SMTP_URL: 'smtps://canary:canary@mail.example.com', MAIL_FROM: 'keys@example.com' },
  { SMS_HTTP_URL: 'https://sms.example.com', SMS_HTTP_TOKEN: 'canary' },
  { TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: 'canary', TWILIO_FROM: '+15005550006' },
])('%o is whole', (env) => {
  expect(() => sendersFrom(read(env)).close()).not.toThrow()
})

test.each([
  { SMTP_URL: 'smtps://canary:canary@mail.example.com' },
  { MAIL_FROM: 'keys@example.com' },
  { SMS_HTTP_TOKEN: 'canary' },
  { TWILIO_ACCOUNT_SID: account, TWILIO_FROM: '+15005550006' },
  {
    SMS_HTTP_URL: 'https://sms.example.com',
    SMS_HTTP_TOKEN: 'canary',
    TWILIO_ACCOUNT_SID: account,
    TWILIO_AUTH_TOKEN: 'canary',
    TWILIO_FROM: '+15005550006',
  },
  { SMTP_URL: 'canary', MAIL_FROM: 'keys@example.com' },
])('%o is refused, without a value', (env) => {
  const start = () => sendersFrom(read(env))
  expect(start).toThrow(TypeError)
  expect(start).not.toThrow('canary')
})

test('secrets are secrets', () => {
  const values = read({ SMTP_URL: 'smtps://a.b', SMS_HTTP_TOKEN: 'c\n', TWILIO_AUTH_TOKEN: 'd' })
  expect(values.SMTP_URL).toBeInstanceOf(Secret)
  expect(values.SMS_HTTP_TOKEN?.equals(new TextEncoder().encode('c'))).toBe(true)
  expect(JSON.stringify(values.TWILIO_AUTH_TOKEN)).toBe('"[secret]"')
})
