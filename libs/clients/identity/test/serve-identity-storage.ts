import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, type Asked, FakeIdentityStorage, refuse } from './fake-identity-storage.ts'

export interface ServedIdentityStorage {
  /** With a gateway's prefix, which the storage does not see. */
  readonly url: string
  readonly storage: FakeIdentityStorage
  /** In order, as they came. */
  readonly seen: (Asked & { readonly rawHeaders: readonly string[] })[]
  /** `METHOD /path?query`, a wallet's id as `id`. */
  calls(): readonly string[]
  /** The next request has this answer, whatever it asks. */
  answerNext(answer: Answer | 'hang'): void
  [Symbol.asyncDispose](): Promise<void>
}

const PREFIX = '/_/api'

/** The fake over HTTP on a free port. */
export async function serveIdentityStorage(): Promise<ServedIdentityStorage> {
  const [storage, seen] = [new FakeIdentityStorage(), [] as ServedIdentityStorage['seen']]
  let next: Answer | 'hang' | undefined
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url = '', headers, rawHeaders } = request
      const text = (await request.toArray()).join('')
      const asked = { method, target: url.replace(PREFIX, ''), headers, rawHeaders, text }
      seen.push(asked)
      const answer = next ?? (url.startsWith(PREFIX) ? storage.answer(asked) : undefined) ?? refuse(404)
      next = undefined
      if (answer === 'hang') return
      response.writeHead(answer.status, { 'content-type': 'application/vnd.api+json', ...answer.headers })
      response.end(typeof answer.body === 'object' ? JSON.stringify(answer.body) : answer.body)
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${PREFIX}`,
    storage,
    seen,
    calls: () => seen.map(({ method, target }) => `${method} ${target.replace(/[0-9a-f]{64}/, 'id')}`),
    answerNext: (answer) => {
      next = answer
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
