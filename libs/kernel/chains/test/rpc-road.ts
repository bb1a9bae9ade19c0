import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

const question = z.object({ method: z.string(), params: z.array(z.unknown()).default([]) })
type Question = z.output<typeof question>

/** What happens to one call on the road: it goes on, its answer is lost, it meets an answer that is not the node’s, or nobody. */
export type Fate =
  | 'forward'
  | 'lose-answer'
  | 'away'
  | { readonly code: number; readonly message: string }
  | { readonly result: unknown }

/** The road to a node, which a test can break. */
export interface RpcRoad extends AsyncDisposable {
  readonly url: string
  /** How often a method was asked. */
  readonly asked: ReadonlyMap<string, number>
  /** Decides about each call from now on. */
  decide(judge: (question: Question) => Fate | Promise<Fate>): void
  mend(): void
}

const forward = () => 'forward' as const

export async function openRoad(nodeUrl: string): Promise<RpcRoad> {
  const asked = new Map<string, number>()
  let judge: (question: Question) => Fate | Promise<Fate> = forward

  const serve = async (body: string, response: ServerResponse) => {
    const parsed = question.parse(JSON.parse(body))
    asked.set(parsed.method, (asked.get(parsed.method) ?? 0) + 1)
    const fate = await judge(parsed)
    if (fate === 'away') return void response.destroy()
    if (typeof fate === 'object') {
      const said = 'result' in fate ? fate : { error: fate }
      return void response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...said }))
    }
    const answer = await fetch(nodeUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const said = await answer.text()
    if (fate === 'lose-answer') response.destroy()
    else response.end(said)
  }
  const server = createServer((request, response) => {
    void text(request)
      .then((body) => serve(body, response))
      .catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked,
    decide: (wanted) => void (judge = wanted),
    mend: () => void (judge = forward),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
