import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, KeyRecords, refuse } from './key-records.ts'
import { holderOf } from './presentations.ts'
import { QrSessions } from './qr-sessions.ts'

export interface Seen {
  readonly call: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Readonly<Record<string, unknown>>
}

export interface PublishedServer {
  /** With `/api`. */
  readonly url: string
  readonly seen: Seen[]
  readonly records: KeyRecords
  readonly sessions: QrSessions
  /** `METHOD /path` of what was asked, in order. */
  calls(): readonly string[]
  /** The next such call ends without an answer: before or after it was carried out. */
  hangUp(call: string, when: 'before' | 'after'): void
  /** The next such call is refused. */
  refuse(call: string, status: number): void
  close(): Promise<void>
}

/** A server that speaks the published contract, on a free port: the other side of the wire, for tests alone. */
export async function publishedServer(): Promise<PublishedServer> {
  const [records, sessions, seen] = [new KeyRecords(), new QrSessions(), [] as Seen[]]
  const troubles = new Map<string, 'before' | 'after' | number>()
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://localhost')
    const call = `${request.method ?? ''} ${url.pathname.replace('/api', '')}`
    const body = await bodyOf(request)
    seen.push({ call, url: url.href, headers: request.headers, body })
    const trouble = troubles.get(call)
    troubles.delete(call)
    if (trouble === 'before') return void request.socket.destroy()
    const fields = { ...Object.fromEntries(url.searchParams), ...body }
    const holder = holderOf(request.headers.authorization)
    const token = request.headers['x-poll-token']
    const answer =
      typeof trouble === 'number'
        ? refuse(trouble, 'refused by the test')
        : (records.answer(call, fields, holder) ?? sessions.answer(call, fields, token) ?? refuse(404, 'Not found'))
    if (trouble === 'after') return void request.socket.destroy()
    send(response, answer)
  }
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/api`,
    seen,
    records,
    sessions,
    calls: () => seen.map(({ call }) => call),
    hangUp: (call, when) => void troubles.set(call, when),
    refuse: (call, status) => void troubles.set(call, status),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const text = (await request.toArray()).join('')
  return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>)
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
