import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** `answer-lost`: has it done, and hangs up. `away`: 500. `slow`: 504, as a gateway that waited in vain. */
export type Mood = 'open' | 'answer-lost' | 'away' | 'slow'

/** What stands between an app and the stub of a face server: it counts, and fails as networks do. */
export interface FaceGate {
  readonly url: string
  /** Scans that were shown to the stub, as `/match-3d-3d` and `/enrollment-3d`, oldest first. */
  readonly judged: string[]
  turn(mood: Mood): void
  /** Holds every scan at the gate until so many are there, or nobody comes any more. */
  gather(count: number): void
  close(): Promise<void>
}

const PATIENCE_MS = 1500

export async function faceGate(stub: string): Promise<FaceGate> {
  const judged: string[] = []
  let mood: Mood = 'open'
  let waiting: { readonly count: number; readonly open: () => void; readonly opened: Promise<void> } | undefined

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const path = request.url ?? ''
    if (mood === 'away') return void response.writeHead(500).end('canary')
    if (mood === 'slow') return void response.writeHead(504).end('canary')
    if (request.method === 'POST') {
      judged.push(path)
      if (waiting && judged.length >= waiting.count) waiting.open()
      await waiting?.opened
    }
    const { method = 'GET' } = request
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${stub}${path}`, { method, headers, ...(body.length > 0 && { body }) })
    const text = await answer.text()
    if (mood === 'answer-lost' && request.method === 'POST') return void response.destroy()
    response.writeHead(answer.status, headers).end(text)
  }

  const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    judged,
    turn: (to) => void (mood = to),
    gather(count) {
      const { promise: opened, resolve: open } = Promise.withResolvers<void>()
      waiting = { count: judged.length + count, open, opened }
      setTimeout(open, PATIENCE_MS).unref()
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
