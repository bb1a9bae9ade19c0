import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, FakeAuthService, refuse } from './fake-auth-service.ts'

export interface Seen {
  readonly call: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  readonly body: Readonly<Record<string, unknown>> | undefined
  readonly answer: Answer | 'hang'
}

export interface ServedAuthService extends AsyncDisposable {
  readonly url: string
  readonly service: FakeAuthService
  readonly seen: Seen[]
  /** `METHOD /path` of what was asked, in order. */
  calls(): readonly string[]
  /** The next call is answered so, whatever it is: text as it is. `hang`: never. */
  answerNext(answer: Answer | 'hang'): void
}

/** The fake on a free port; it takes any token but `expired`. */
export async function serveAuthService(): Promise<ServedAuthService> {
  const [service, seen] = [new FakeAuthService(), [] as Seen[]]
  let next: Answer | 'hang' | undefined
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '', 'http://localhost')
      const call = `${request.method ?? ''} ${url.pathname}`
      const text = (await request.toArray()).join('')
      const body = text === '' ? undefined : (JSON.parse(text) as Readonly<Record<string, unknown>>)
      const isExpired = request.headers.authorization === 'Bearer expired'
      const known = isExpired ? refuse(401, 100102, 'Access token expired') : undefined
      const answer = next ?? known ?? service.answer(call, body ?? {}, url.searchParams) ?? refuse(404, 100802)
      next = undefined
      seen.push({ call, query: Object.fromEntries(url.searchParams), headers: request.headers, body, answer })
      if (answer === 'hang') return
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    service,
    seen,
    calls: () => seen.map(({ call }) => call),
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
