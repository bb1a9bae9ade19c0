import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface KeyServer {
  readonly url: string
  /** Paths in the order in which they were asked for. */
  readonly asked: string[]
  /** What is answered; replaced, the next request gets the new one. */
  answer: (path: string, response: ServerResponse) => void
  stop(): Promise<void>
}

/** Whoever publishes keys or DID documents, on a free port of this machine; one whose `answer` does nothing hangs. */
export async function startKeyServer(answer: KeyServer['answer']): Promise<KeyServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    running.answer(request.url ?? '', response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  const { port } = server.address() as AddressInfo
  const running: KeyServer = { url: `http://127.0.0.1:${String(port)}`, asked, answer, stop }
  return running
}

export const json =
  (body: unknown): KeyServer['answer'] =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

export const status =
  (code: number, headers: Record<string, string> = {}): KeyServer['answer'] =>
  (_, response) => {
    response.writeHead(code, headers).end('canary')
  }
