import { Secret } from '@strongroom/crypto'
import { startOutbox, type Told } from '@strongroom/outbox'
import { expect, test } from 'vitest'
import { emailOverSmtp, route, smsByHttp } from '../src/index.ts'

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
