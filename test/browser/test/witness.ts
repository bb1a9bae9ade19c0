import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that remembers who came, by HTTP, WebSocket and UDP on one port. */
export interface Witness extends AsyncDisposable {
  readonly url: string
  /** The paths asked for, and `/stun` for a datagram; sorted. */
  seen(): readonly string[]
}

/** `allow`: the origin whose pages may read its answers, as CORS would have it. */
export async function startWitness(host: string, allow = ''): Promise<Witness> {
  const seen = new Set<string>()
  const server = createServer(({ url = '', method = '' }, response) => {
    seen.add(url)
    if (allow) response.setHeader('Access-Control-Allow-Origin', allow)
    if (allow && method === 'OPTIONS') {
      response.setHeader('Access-Control-Allow-Methods', 'PUT')
      response.setHeader('Access-Control-Allow-Headers', 'Content-Type')
    }
    response.end(method)
  })
  server.on('upgrade', ({ url = '' }, socket) => {
    seen.add(url)
    socket.destroy()
  })
  await once(server.listen(0, host), 'listening')
  // Not HTTP: what asks for a relay.
  server.on('clientError', (_error, socket) => {
    seen.add('/turn')
    socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  const datagrams = createSocket('udp4', () => seen.add('/stun'))
  datagrams.bind(port, host)
  await once(datagrams, 'listening')
  return {
    url: `http://${host}:${String(port)}`,
    seen: () => [...seen].toSorted(),
    [Symbol.asyncDispose]: async () => {
      datagrams.close()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
