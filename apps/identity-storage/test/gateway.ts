import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Gateway extends AsyncDisposable {
  /** With the prefix. */
  readonly baseUrl: string
}

/** What stands in front of the app, takes a prefix off each path, and says for whom it asks. */
export async function startGateway(appUrl: string, prefix: string): Promise<Gateway> {
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '').replace(prefix, '')
    const from = [incoming.headers['x-forwarded-for'] ?? [], incoming.socket.remoteAddress ?? ''].flat().join(', ')
    const asked = request(
      new URL(appUrl),
      { method: incoming.method, path, headers: { ...incoming.headers, 'x-forwarded-for': from } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    asked.on('error', () => outgoing.destroy())
    incoming.pipe(asked)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${String(port)}${prefix}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
