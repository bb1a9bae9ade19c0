import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server of the attacker's before ours: passes everything on, and shows a key of its own for every session. */
export interface SubstitutingProxy extends AsyncDisposable {
  readonly url: string
  /** How often it put its key in. */
  substituted(): number
  /** The bodies of the approvals that it was sent. */
  readonly approvals: string[]
}

export async function startSubstitutingProxy(target: string, publicKey: string): Promise<SubstitutingProxy> {
  let substituted = 0
  const approvals: string[] = []
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    if (url.endsWith('/approve') && method === 'POST') approvals.push(body.toString('utf8'))
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: headersOf(request),
      ...(body.length > 0 && { body }),
    })
    const text = await answer.text()
    const isLookUp = method === 'GET' && url.includes('/qr-login/session/') && answer.ok
    if (isLookUp) substituted++
    const sent = isLookUp ? JSON.stringify({ ...(JSON.parse(text) as object), publicKey }) : text
    for (const [name, value] of answer.headers) if (!perConnection.has(name)) response.setHeader(name, value)
    response.writeHead(answer.status).end(sent)
  }
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    substituted: () => substituted,
    approvals,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const perConnection = new Set(['connection', 'content-length', 'content-encoding', 'keep-alive', 'transfer-encoding'])

const headersOf = ({ headers }: IncomingMessage): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' && name !== 'host' && !perConnection.has(name) ? [[name, value]] : [],
  )
