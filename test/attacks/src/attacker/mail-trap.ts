import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A mail that the provider has taken: its final dot came, whether it said so or not. */
export interface Mail {
  messageId: string
  to: string
  text: string
}

/**
 * `hold before` never answers a sender, `hold after` takes the mail and never says so, `away` hangs up on everybody.
 * Whoever is held stays held until he hangs up.
 */
export type Behaviour = 'take' | 'hold before' | 'hold after' | 'away'

/** An SMTP server that an attacker, or bad luck, has in hand: the edge of the world of whoever sends mail. */
export interface MailTrap extends AsyncDisposable {
  url: string
  mails: readonly Mail[]
  /** Conversations that were begun, or hung up on at once. */
  readonly calls: number
  /** Senders that are held now. */
  readonly held: number
  behave(behaviour: Behaviour): void
  /** These addresses are told to come back later, for ever. */
  refuse(address: string): void
  codesTo(address: string): string[]
  mailsTo(address: string): Mail[]
}

interface Trap {
  behaviour: Behaviour
  refused: Set<string>
  mails: Mail[]
  calls: number
  held: Set<Socket>
}

export async function startMailTrap(): Promise<MailTrap> {
  const trap: Trap = { behaviour: 'take', refused: new Set(), mails: [], calls: 0, held: new Set() }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      trap.held.delete(socket)
    })
    converse(trap, socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const mailsTo = (address: string) => trap.mails.filter(({ to }) => to === address)
  return {
    url: `smtp://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    mails: trap.mails,
    get calls() {
      return trap.calls
    },
    get held() {
      return trap.held.size
    },
    behave: (behaviour) => {
      trap.behaviour = behaviour
      // Senders keep connections: those who are away are away for them as well.
      if (behaviour === 'away') for (const socket of sockets) socket.destroy()
    },
    refuse: (address) => void trap.refused.add(address),
    mailsTo,
    codesTo: (address) => mailsTo(address).flatMap(({ text }) => /code is: (\d{6})/.exec(text)?.[1] ?? []),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function converse(trap: Trap, socket: Socket): void {
  trap.calls++
  if (trap.behaviour === 'away') return void socket.destroy()
  let [unread, to, body] = ['', '', '']
  let inBody = false
  const say = (line: string) => void socket.write(`${line}\r\n`)
  const hold = () => void trap.held.add(socket)
  const answer = (line: string): void => {
    if (inBody) {
      if (line !== '.') return void (body += `${line}\n`)
      inBody = false
      trap.mails.push(readMail(to, body))
      return trap.behaviour === 'hold after' ? hold() : say('250 taken')
    }
    if (line.startsWith('MAIL FROM')) return trap.behaviour === 'hold before' ? hold() : say('250 go on')
    if (line.startsWith('RCPT TO')) {
      to = /<([^>]*)>/.exec(line)?.[1] ?? ''
      return say(trap.refused.has(to) ? '451 come back later' : '250 go on')
    }
    if (line === 'QUIT') return void socket.end('221 bye\r\n')
    inBody = line === 'DATA'
    body = ''
    say(inBody ? '354 go on' : '250 yes')
  }
  socket.on('data', (chunk: Buffer) => {
    const lines = (unread + chunk.toString('utf8')).split('\r\n')
    unread = lines.pop() ?? ''
    for (const line of lines) answer(line)
  })
  say('220 trap')
}

/** Quoted-printable as far as our mails need it: soft line ends and the equals sign. */
function readMail(to: string, raw: string): Mail {
  const text = raw.replaceAll('=\n', '').replaceAll('=3D', '=')
  return { messageId: /^Message-ID: *(\S+)/im.exec(raw)?.[1] ?? '', to, text }
}
