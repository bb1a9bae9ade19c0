import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Who is told of events: an operator’s own system, which may be out of order. */
export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  /** How it answers from now on. */
  answer(status: number, headers?: Record<string, string>): void
  close(): Promise<void>
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  let status = 204
  let more: Record<string, string> = {}
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request
    const note = async () => {
      received.push({ method, path, headers, body: await text(request) })
      response.writeHead(status, more).end()
    }
    note().catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    received,
    answer(to, headers = {}) {
      status = to
      more = headers
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
