import type { Socket } from 'node:net'
import { Secret } from '@strongroom/crypto'
import { isOutage } from '@strongroom/http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { emailOverSmtp, type Message, ProviderMisconfigured, ProviderUnavailable, Undeliverable } from '../src/index.ts'
import { canary, failureOf } from './leak-trap.ts'
import { dropAfterData, type MailServer, startMailServer, startRawServer } from './mail-server.ts'

const message: Message = {
  id: '5a3c7d8e-2b1f-4c6a-9d0e-8f7a6b5c4d3e',
  channel: 'email',
  to: canary.address,
  subject: canary.subject,
  text: `Your verification code is: ${canary.code}`,
}
const running: { stop(): unknown }[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

const keep = <T extends { stop(): unknown }>(one: T): T => {
  running.push(one)
  return one
}
const open = ({ port }: { port: number }, { path = '', user = '', timeoutMs = 60_000 } = {}) => {
  const sender = emailOverSmtp({
    url: new Secret(`smtp://${user}127.0.0.1:${String(port)}${path}`),
    from: 'Keys <keys@strongroom.example>',
    timeoutMs,
  })
  running.push({ stop: () => sender.close() })
  return sender
}
const serve = async (...wanted: Parameters<typeof startMailServer>): Promise<MailServer> =>
  keep(await startMailServer(...wanted))
const send = (server: { port: number }, changes: Partial<Message> = {}) => open(server).send({ ...message, ...changes })

describe('a mail that is taken', () => {
  test('says what was meant, to whom it was meant', async () => {
    const server = await serve()
    await send(server, { html: '<p>A code</p>' })
    const [{ recipients, mail } = { recipients: [], mail: undefined }] = server.received
    expect(recipients).toEqual([canary.address])
    expect(mail).toMatchObject({
      from: { name: 'Keys', address: 'keys@strongroom.example' },
      to: [{ address: canary.address }],
      subject: canary.subject,
    })
    expect(mail?.text?.trim()).toBe(message.text)
    expect(mail?.html?.trim()).toBe('<p>A code</p>')
  })

  test('has the same Message-ID at every attempt', async () => {
    const server = await serve()
    const sender = open(server)
    await sender.send(message)
    await sender.send(message)
    const id = `<${message.id}@strongroom.example>`
    expect(server.received.map(({ mail }) => mail.messageId)).toEqual([id, id])
  })

  test('has no header and no recipient that its subject, text or name smuggled in', async () => {
    const server = await serve()
    await send(server, {
      subject: 'Hello\r\nBcc: thief@example.com\r\n\r\nbody',
      text: 'a\r\n.\r\nRCPT TO:<thief@x.y>',
    })
    const [{ recipients, mail } = { recipients: [], mail: undefined }] = server.received
    expect(recipients).toEqual([canary.address])
    expect(mail?.headers.map(({ key }) => key)).not.toContain('bcc')
    expect(mail?.subject).toBe('Hello Bcc: thief@example.com body')
    expect(mail?.text?.trim()).toBe('a\n.\nRCPT TO:<thief@x.y>')
  })

  test('goes to an address with a plus, a quoted part or another alphabet', async () => {
    const server = await serve()
    for (const to of ['a+b@example.com', '"odd,name"@example.com', 'a@exämple.de']) await send(server, { to })
    const got = server.received.flatMap(({ recipients }) => recipients)
    expect(got).toEqual(['a+b@example.com', '"odd,name"@example.com', 'a@exämple.de'])
  })
})

test.each([
  'a@example.com, thief@example.com',
  'a@example.com\r\nRCPT TO:<thief@example.com>',
  'Name <a@example.com>',
  'group: a@example.com;',
  '"a> <b"@example.com',
  'a@b@example.com',
  'a@[10.0.0.1]',
  'nobody',
  '',
])('%j is no one address, and nothing is sent', async (to) => {
  const server = await serve()
  expect(await failureOf(send(server, { to }))).toBeInstanceOf(Undeliverable)
  expect(server.received).toEqual([])
})

describe('a server that refuses', () => {
  test.each([
    { what: 'the recipient for good', refusals: { recipient: 550 }, kind: Undeliverable, code: 'smtp-550' },
    { what: 'how the recipient is written', refusals: { recipient: 501 }, kind: Undeliverable, code: 'smtp-501' },
    { what: 'the message for good', refusals: { data: 554 }, kind: Undeliverable, code: 'smtp-554' },
    { what: 'the recipient for now', refusals: { recipient: 451 }, kind: ProviderUnavailable, code: 'smtp-451' },
    { what: 'the message for now', refusals: { data: 452 }, kind: ProviderUnavailable, code: 'smtp-452' },
    { what: 'our sender', refusals: { sender: 550 }, kind: ProviderMisconfigured, code: 'smtp-550' },
    {
      what: 'an unauthenticated recipient',
      refusals: { recipient: 530 },
      kind: ProviderMisconfigured,
      code: 'smtp-530',
    },
    { what: 'our password', refusals: { login: 535 }, kind: ProviderMisconfigured, code: 'smtp-535' },
  ])('$what', async ({ refusals, kind, code }) => {
    const server = await serve(refusals)
    const sender = open(server, { user: 'canary:canary-password@' })
    const error = await failureOf(sender.send(message))
    expect(error.constructor).toBe(kind)
    expect(error).toMatchObject({ channel: 'email', code })
    expect(isOutage(error)).toBe(kind !== Undeliverable)
  })

  test('one message still takes the next', async () => {
    const refusals = { recipient: 550 as number | undefined }
    const server = await serve(refusals as { recipient: number })
    const sender = open(server)
    await failureOf(sender.send(message))
    refusals.recipient = undefined
    await sender.send(message)
    expect(server.received).toHaveLength(1)
  })
})

const expectUnavailable = async (talk: Parameters<typeof startRawServer>[0], timeoutMs = 60_000) => {
  const server = keep(await startRawServer(talk))
  const error = await failureOf(open(server, { timeoutMs }).send(message))
  expect(error.constructor).toBe(ProviderUnavailable)
  return error
}

/** Greets, and then begins an answer that no silence ever ends. */
const drip = (line: string, socket: Socket) => {
  if (line === '') return void socket.write('220 here\r\n')
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write('2')), 50)
}

describe('a server that is not there', () => {
  test('refuses the connection', async () => {
    const server = await startRawServer(() => undefined)
    await server.stop()
    expect(await failureOf(send(server))).toMatchObject({ name: 'ProviderUnavailable', code: 'ECONNREFUSED' })
  })

  test('hangs before its greeting', async () => {
    expect(await expectUnavailable(() => undefined, 300)).toMatchObject({ code: 'ETIMEDOUT' })
  })

  test('drips, a byte at a time, for ever', async () => {
    expect(await expectUnavailable(drip, 400)).toMatchObject({ code: 'ETIMEDOUT' })
  })

  test('speaks another language', async () => {
    await expectUnavailable(
      (line, socket) => void socket.write(`HTTP/1.1 400 ${line} ${canary.address}\r\n\r\n`),
      1_000,
    )
  })

  test('hangs up after the message: nothing is known, and nothing is sent twice behind our back', async () => {
    const messages: string[] = []
    await expectUnavailable(dropAfterData(messages))
    await new Promise((done) => void setTimeout(done, 500))
    expect(messages).toEqual([`Message-ID: <${message.id}@strongroom.example>`])
  })
})

describe('TLS', () => {
  test('is demanded: to a server without it neither password nor mail is sent', async () => {
    const lines: string[] = []
    const server = keep(
      await startRawServer((line, socket) => {
        lines.push(line)
        socket.write(line === 'STARTTLS' ? '502 what?\r\n' : line === '' ? '220 here\r\n' : '250 yes\r\n')
      }),
    )
    const sender = open(server, { user: 'canary:canary-password@', path: '?starttls=required' })
    expect(await failureOf(sender.send(message))).toBeInstanceOf(ProviderMisconfigured)
    expect(lines.filter((line) => /^(AUTH|MAIL|RCPT)/.test(line))).toEqual([])
  })

  test('to a server that nobody vouches for is refused', async () => {
    const server = await serve({}, {})
    const sender = open(server, { path: '?starttls=required' })
    expect(await failureOf(sender.send(message))).toBeInstanceOf(ProviderMisconfigured)
    expect(server.received).toEqual([])
  })
})

test.each([
  'http://mail.example.com',
  'mail.example.com:25',
  'smtp://',
  'smtp://mail.example.com?tls.rejectUnauthorized=false',
  'smtp://127.0.0.1?starttls=off',
])('%s is no mail server', (url) => {
  expect(() => emailOverSmtp({ url, from: 'keys@example.com' })).toThrow('the SMTP URL is')
})

test('neither is a sender with two addresses, nor an id that could be a header', async () => {
  expect(() => emailOverSmtp({ url: 'smtps://a.b', from: 'a@b.c, d@e.f' })).toThrow('the sender is')
  await expect(open({ port: 1 }).send({ ...message, id: 'a>\r\nBcc: b' })).rejects.toThrow(TypeError)
})

test('nothing is printed on the way', async () => {
  const spies = [
    ...(['stdout', 'stderr'] as const).map((name) => vi.spyOn(process[name], 'write')),
    ...(['log', 'info', 'debug', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name)),
  ]
  const server = await serve({ data: 554 })
  await failureOf(send(server))
  const printed = spies.flatMap((spy) => (spy.mock.calls as unknown[][]).flat().map(String)).join('')
  for (const spy of spies) spy.mockRestore()
  expect(printed).not.toMatch(/canary|914273/)
})
