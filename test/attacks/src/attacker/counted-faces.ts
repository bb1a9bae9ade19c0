import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startFaceStub } from '@strongroom/face-stub'

/** A face server that the attacker cannot fool, and at which it is counted how often somebody had a face judged. */
export interface CountedFaces extends AsyncDisposable {
  readonly url: string
  /** Scans that were judged: matches and enrolments. */
  readonly judged: number
}

const judging = /^POST \/(match-3d-3d|match-3d|enrollment-3d|liveness-3d)$/

export async function startCountedFaces(): Promise<CountedFaces> {
  const stub = await startFaceStub()
  let judged = 0
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    if (judging.test(`${method} ${url}`)) judged++
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const answer = await fetch(`${stub.url}${url}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-user-agent': String(headers['x-user-agent'] ?? '') },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
    response.end(await answer.text())
  }
  const server = createServer((request, response) => {
    // Whoever was killed on the way hears no answer.
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    get judged() {
      return judged
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await stub.close()
    },
  }
}
