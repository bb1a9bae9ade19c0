import { createHash, createPublicKey, verify, type webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ToldEvent {
  readonly id: string
  readonly type: string
  readonly user_id: string
  readonly device?: string
  readonly key?: string
  readonly version?: number
}

type EventKey = webcrypto.JsonWebKey & { readonly kid: string }

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** The operator's own system, which is told what happens to users. */
export interface EventReceiver extends AsyncDisposable {
  readonly url: string
  /** In the order in which they came. Each whose signature holds; throws for any other. */
  events(keysUrl: string): Promise<ToldEvent[]>
}

export async function startReceiver(): Promise<EventReceiver> {
  const received: Received[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push({ headers: request.headers, body: await readText(request) })
    response.writeHead(204).end()
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/events`
  return {
    url,
    async events(keysUrl) {
      const { keys } = (await (await fetch(keysUrl)).json()) as { keys: EventKey[] }
      return received.map((one) => {
        if (!isSigned(one, { url, keys })) throw new Error(`an event came without a good signature: ${one.body}`)
        return JSON.parse(one.body) as ToldEvent
      })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((closed) => void server.close(() => closed()))
    },
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk
  return text
}

interface Expected {
  readonly url: string
  readonly keys: readonly EventKey[]
}

/** As RFC 9530 and RFC 9421 have it, read from the headers alone. */
function isSigned({ headers, body }: Received, { url, keys }: Expected): boolean {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  if (headers['content-digest'] !== digest) return false
  const [, parameters = ''] = /^sig1=(.+)$/.exec(String(headers['signature-input'])) ?? []
  const [, names = ''] = /^\(([^)]*)\)/.exec(parameters) ?? []
  const [, keyId = ''] = /;keyid="([^"]+)"/.exec(parameters) ?? []
  const [, signature = ''] = /^sig1=:([^:]+):$/.exec(String(headers['signature'])) ?? []
  const covered = names.split(' ').map((name) => name.replaceAll('"', ''))
  if (!['@method', '@target-uri', 'content-digest'].every((name) => covered.includes(name))) return false
  const derived: Readonly<Record<string, string>> = { '@method': 'POST', '@target-uri': url }
  const lines = covered.map((name) => `"${name}": ${derived[name] ?? String(headers[name])}`)
  const base = [...lines, `"@signature-params": ${parameters}`].join('\n')
  const jwk = keys.find(({ kid }) => kid === keyId)
  if (!jwk) return false
  const key = createPublicKey({ format: 'jwk', key: jwk })
  return verify('sha256', Buffer.from(base), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64'))
}
