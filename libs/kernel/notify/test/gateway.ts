import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Gateway {
  readonly url: string
  readonly asked: readonly Asked[]
  stop(): Promise<void>
}

/** An SMS provider on a free port of this machine that answers as `answer` does; one that does nothing hangs. */
export async function startGateway(answer: (asked: Asked, response: ServerResponse) => void): Promise<Gateway> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await buffer(request)).toString()
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      asked.push(one)
      answer(one, response)
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { url: `http://127.0.0.1:${String(port)}`, asked, stop }
}

/** Answers with a status and, as providers do, with what it was told. */
export const echo =
  (status: number, headers: Record<string, string> = {}) =>
  ({ body }: Asked, response: ServerResponse): void => {
    response.writeHead(status, headers).end(`no: ${body}`)
  }
