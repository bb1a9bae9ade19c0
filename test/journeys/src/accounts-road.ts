import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Ambush {
  /** Of the JSON-RPC. */
  readonly method: string
  readonly when: 'before the node hears it' | 'before its answer is heard'
  /** Settles before anything else is answered. */
  strike(): Promise<void>
}

/** The road to a node, with one ambush on it at a time: the first call of a method meets it, and is never answered. */
export interface Road extends AsyncDisposable {
  readonly url: string
  lay(ambush: Ambush): { readonly struck: Promise<void> }
}

export async function openRoad(nodeUrl: () => string): Promise<Road> {
  let waiting: (Ambush & { done(): void }) | undefined
  const forward = async (body: string) => {
    const answer = await fetch(nodeUrl(), { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return answer.text()
  }
  const serve = async (body: string, response: ServerResponse) => {
    const { method } = JSON.parse(body) as { method: string }
    const ambush = waiting?.method === method ? waiting : undefined
    if (!ambush) return void response.end(await forward(body))
    waiting = undefined
    if (ambush.when === 'before its answer is heard') await forward(body)
    await ambush.strike()
    response.destroy()
    ambush.done()
  }
  const server = createServer((request, response) => {
    void text(request)
      .then((body) => serve(body, response))
      .catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    lay: (ambush) => ({ struck: new Promise<void>((done) => (waiting = { ...ambush, done })) }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((closed) => void server.close(() => closed()))
    },
  }
}
