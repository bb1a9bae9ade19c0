import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Received {
  readonly recipients: readonly string[]
  readonly raw: string
  readonly mail: Email
}

export interface MailServer {
  readonly port: number
  readonly received: readonly Received[]
  stop(): Promise<void>
}

/** What the server says instead of yes, at which step. */
export interface Refusals {
  readonly sender?: number
  readonly recipient?: number
  readonly data?: number
  readonly login?: number
}

/** The words a server says beside its code repeat what it was given: the canary of every test here. */
const refuse = (code: number | undefined, about: string) =>
  code ? Object.assign(new Error(`said of ${about}`), { responseCode: code }) : null

/** A real SMTP server on a free port of this machine. */
export async function startMailServer(
  refusals: Refusals = {},
  options: SMTPServerOptions = { hideSTARTTLS: true },
): Promise<MailServer> {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    logger: false,
    ...options,
    onAuth: ({ username }, _session, done) =>
      done(refuse(refusals.login, username ?? ''), refusals.login ? undefined : { user: username }),
    onMailFrom: ({ address }, _session, done) => done(refuse(refusals.sender, address)),
    onRcptTo: ({ address }, _session, done) => done(refuse(refusals.recipient, address)),
    onData(stream, session, done) {
      void (async () => {
        const raw = await buffer(stream)
        const recipients = session.envelope.rcptTo.map(({ address }) => address)
        const mail = await PostalMime.parse(raw)
        if (!refusals.data) received.push({ recipients, raw: raw.toString(), mail })
        done(refuse(refusals.data, raw.toString().slice(-80).replace(/\s+/g, ' ')))
      })()
    },
  })
  // A client that does not trust us hangs up: for the server that is an error.
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return { port, received, stop: () => new Promise((done) => server.close(done)) }
}

export interface RawServer {
  readonly port: number
  readonly connections: () => number
  stop(): Promise<void>
}

/** A server that is none: `talk` answers each line that comes in, the first with an empty one. */
export async function startRawServer(talk: (line: string, socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server: Server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) talk(line, socket)
    })
    talk('', socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  }
  return { port, connections: () => connections, stop }
}

/** Takes a whole message and hangs up without a word about it. */
export const dropAfterData =
  (messages: string[]) =>
  (line: string, socket: Socket): void => {
    if (line === '') socket.write('220 here\r\n')
    else if (/^(EHLO|MAIL|RCPT|RSET)/.test(line)) socket.write('250 yes\r\n')
    else if (line === 'DATA') socket.write('354 go on\r\n')
    else if (line.startsWith('Message-ID:')) messages.push(line)
    else if (line === '.') socket.destroy()
  }
