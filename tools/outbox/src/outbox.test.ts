import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Outbox, startOutbox, type Told } from './index.ts'

let outbox: Outbox
let sender: ReturnType<typeof senderTo>
beforeEach(async () => {
  outbox = await startOutbox()
  sender = senderTo(outbox)
})
afterEach(async () => {
  sender.close()
  await outbox.stop()
})

interface Message {
  readonly id: string
  readonly channel: 'email' | 'sms'
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
}

/** Sends as an app does: mail over a connection that stays open, SMS as a gateway takes it. */
function senderTo({ url, smtp }: Pick<Outbox, 'url' | 'smtp'>) {
  const transport = createTransport({ url: smtp, pool: true })
  return {
    async send({ id, channel, to, text, ...rest }: Message) {
      if (channel === 'sms') return void (await postTo(`${url}/sms`, { id, to, text }))
      await transport.sendMail({ ...rest, messageId: `<${id}@example.com>`, from: 'keys@example.com', to, text })
    },
    close: () => transport.close(),
  }
}
const postTo = (target: string, body: unknown, headers = {}) =>
  fetch(target, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
const mail: Message = {
  id: 'mail-1',
  channel: 'email',
  to: 'Ann+x@example.com',
  subject: 'Verify your email address',
  text: 'Your verification code is: 042042',
  html: '<p>Your code: <b>042042</b></p><script>alert(1)</script>',
}
const sms: Message = { id: 'sms-1', channel: 'sms', to: '+447912345678', subject: '', text: 'Your code is: 1' }
const post = (path: string, body: unknown, headers = {}) => postTo(outbox.url + path, body, headers)
const list = async (query = '') => (await (await fetch(`${outbox.url}/messages${query}`)).json()) as Told[]

describe('what is sent', () => {
  test('by mail, SMS and push is listed, newest first, in one shape', async () => {
    await sender.send(mail)
    await sender.send(sms)
    await post('/push', { id: 'push-1', to: 'device', subject: 'New', text: 'Look', data: { sessionId: '7' } })
    const all = await list()
    const { html = '', ...told } = mail
    expect(all).toEqual([
      {
        id: 'push-1',
        channel: 'push',
        to: 'device',
        subject: 'New',
        text: 'Look',
        html: '',
        data: { sessionId: '7' },
        at: expect.any(String),
      },
      { ...sms, html: '', data: {}, at: expect.any(String) },
      { ...told, html, data: {}, at: expect.any(String) },
    ])
    expect(Object.keys(all[0] ?? {})).toEqual(['id', 'channel', 'to', 'subject', 'text', 'html', 'data', 'at'])
    expect(Date.now() - Date.parse(all[0]?.at ?? '')).toBeLessThan(30_000)
  })

  test('twice is listed twice, under one id', async () => {
    for (const one of [mail, mail, sms, sms]) await sender.send(one)
    expect((await list()).map(({ id }) => id)).toEqual(['sms-1', 'sms-1', 'mail-1', 'mail-1'])
  })

  test('is found by its recipient, exactly, with or without encoding', async () => {
    await sender.send(mail)
    await sender.send(sms)
    expect(await list('?to=+447912345678')).toHaveLength(1)
    expect(await list('?to=%2B447912345678')).toHaveLength(1)
    expect(await list('?to=Ann+x@example.com')).toHaveLength(1)
    expect(await list('?to=ann+x@example.com')).toHaveLength(0)
    expect(await list('?to=+44791234567')).toHaveLength(0)
  })

  test('is gone after DELETE', async () => {
    await sender.send(sms)
    expect((await fetch(`${outbox.url}/messages`, { method: 'DELETE' })).status).toBe(204)
    expect(await list()).toEqual([])
  })

  test('is written to a file that only its owner may read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outbox-'))
    const file = join(folder, 'sent.jsonl')
    const writing = await startOutbox({ file })
    const toFile = senderTo(writing)
    try {
      await toFile.send(sms)
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ id: 'sms-1', text: sms.text })
      expect(statSync(file).mode & 0o777).toBe(0o600)
    } finally {
      toFile.close()
      await writing.stop()
      rmSync(folder, { recursive: true })
    }
  })
})

const openPage = async (path: string) => {
  const answer = await fetch(outbox.url + path)
  return { text: await answer.text(), policy: answer.headers.get('content-security-policy') ?? '' }
}

describe('the page', () => {
  test('runs nothing and fetches nothing, whatever was sent', async () => {
    await post('/sms', { id: 'x', to: '"><script>alert(1)</script>', text: '<img src=https://evil.example/x>' })
    const { text, policy } = await openPage('/')
    expect(text).not.toMatch(/<script|<img/)
    expect(text).toContain('&lt;img src=https://evil.example/x&gt;')
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; frame-src 'self';/)
    expect(policy).not.toMatch(/script-src|unsafe/)
  })

  test('shows HTML in a frame that may do nothing', async () => {
    await sender.send(mail)
    const { text } = await openPage('/')
    const [, source = ''] = /<iframe sandbox title="Verify your email address" src="([^"]+)">/.exec(text) ?? []
    const framed = await openPage(source)
    expect(framed.text).toBe(mail.html)
    expect(framed.policy).toMatch(/^sandbox; default-src 'none';/)
    expect(framed.policy).not.toContain('allow-')
  })
})

describe('who is not from this machine', () => {
  test('cannot be listened to', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.1', 'example.com', '']) {
      await expect(startOutbox({ host })).rejects.toThrow('on this machine only')
    }
  })

  test('cannot read through a name of their own, nor post from a page of theirs', async () => {
    await sender.send(sms)
    const { port } = new URL(outbox.url)
    const asked = request({
      host: '127.0.0.1',
      port,
      path: '/messages',
      headers: { host: `evil.example:${port}` },
    }).end()
    const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }]
    answer.resume()
    expect(answer.statusCode).toBe(403)
    const { id, to, text } = sms
    expect((await post('/sms', { id, to, text }, { origin: 'https://evil.example' })).status).toBe(403)
    expect(await list()).toHaveLength(1)
  })
})

describe('what is too much', () => {
  test('pushes out what is oldest', async () => {
    const { openMailbox } = await import('./mailbox.ts')
    const mailbox = openMailbox({ deliveries: 10_000, size: 30_000 })
    const tell = (text: string) => mailbox.add({ id: text, channel: 'sms', to: '', subject: '', html: '', text })
    for (let i = 0; i < 10_001; i++) tell('x')
    expect(mailbox.list()).toHaveLength(10_000)
    tell('y'.repeat(29_999))
    expect(mailbox.list().map(({ text }) => text.length)).toEqual([29_999, 1])
  })

  test('or makes no sense, is refused and leaves no trace', async () => {
    expect((await post('/sms', 'garbage')).status).toBe(400)
    expect((await post('/sms', { id: 'x', to: 1 })).status).toBe(400)
    expect((await post('/sms', { id: 'x', to: 'y', text: 'z'.repeat(300_000) })).status).toBe(400)
    await expect(sender.send({ ...mail, text: 'z'.repeat(300_000) })).rejects.toMatchObject({ code: 'EMESSAGE' })
    expect((await fetch(`${outbox.url}/other`)).status).toBe(404)
    expect((await fetch(`${outbox.url}/messages`, { method: 'PUT' })).status).toBe(405)
    expect(await list()).toEqual([])
  })
})

test('a busy port is no obstacle, a free one is kept', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const { port } = busy.address() as { port: number }
  const second = await startOutbox({ httpPort: port, smtpPort: port })
  expect([new URL(second.url).port, new URL(second.smtp).port]).not.toContain(String(port))
  await second.stop()
  busy.close()
  await once(busy, 'close')
  const third = await startOutbox({ httpPort: port })
  expect(third.url).toBe(`http://127.0.0.1:${String(port)}`)
  await third.stop()
})

test('stopping does not wait for those who hold connections', async () => {
  const other = await startOutbox()
  const holding = senderTo(other)
  await holding.send(mail)
  const before = performance.now()
  await other.stop()
  expect(performance.now() - before).toBeLessThan(25_000)
  holding.close()
})

const startChild = async () => {
  const child = fork(join(import.meta.dirname, 'main.ts'), { env: { ...process.env, OUTBOX_PORT: '0' } })
  const [told] = (await once(child, 'message')) as [{ listening: { url: string; smtp: string } }]
  return { child, listening: told.listening, ended: once(child, 'exit') }
}

describe('as a child process it', () => {
  test.each(['SIGTERM', 'disconnect'] as const)('tells where it listens, and ends on %s', async (how) => {
    const { child, listening, ended } = await startChild()
    const one = senderTo(listening)
    await one.send(mail)
    await one.send(sms)
    expect(await (await fetch(`${listening.url}/messages`)).json()).toHaveLength(2)
    if (how === 'disconnect') child.disconnect()
    else child.kill(how)
    expect(await ended).toEqual([0, null])
    one.close()
  })
})
