import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `away`: the node never has it. `lose-answer`: it has it, and nobody hears. */
export type Fate = 'forward' | 'away' | 'lose-answer'

/** A road to a node, on which transactions may be lost. */
export async function flowRoad(nodeUrl: string) {
  const state = { fate: 'forward' as Fate, tried: 0 }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const isPost = request.method === 'POST'
    if (isPost) state.tried++
    const fate = isPost ? state.fate : 'forward'
    if (fate === 'away') return void request.socket.destroy()
    const body = isPost ? { method: 'POST', body: Buffer.concat(chunks) } : {}
    const answer = await fetch(`${nodeUrl}${request.url ?? ''}`, {
      ...body,
      headers: { 'content-type': 'application/json' },
    })
    const text = await answer.text()
    if (fate === 'lose-answer') return void request.socket.destroy()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    decide: (fate: Fate) => void Object.assign(state, { fate, tried: 0 }),
    /** Transactions that were brought since. */
    tried: () => state.tried,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
