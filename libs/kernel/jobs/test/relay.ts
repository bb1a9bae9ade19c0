import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The road to PostgreSQL, which a test can break. */
export interface Relay extends AsyncDisposable {
  readonly url: string
  /** The next answer that holds this text does not arrive: its connection breaks instead. */
  swallow(text: string): void
  /** Breaks every connection, and each new one until `mend`. */
  cut(): void
  mend(): void
}

export async function startRelay(url: string): Promise<Relay> {
  const { hostname, port } = new URL(url)
  const pairs = new Map<Socket, Socket>()
  let [swallowed, away] = ['', false]
  const drop = (socket: Socket) => {
    socket.destroy()
    pairs.get(socket)?.destroy()
    pairs.delete(socket)
  }
  const server = createServer((client) => {
    if (away) return void client.destroy()
    const upstream = connect(Number(port), hostname)
    pairs.set(client, upstream)
    for (const socket of [client, upstream]) {
      socket.on('error', () => drop(client))
      socket.on('close', () => drop(client))
    }
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (swallowed === '' || !chunk.includes(swallowed)) return void client.write(chunk)
      swallowed = ''
      drop(client)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    away = true
    for (const client of pairs.keys()) drop(client)
  }
  const relayed = new URL(url)
  relayed.host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    url: relayed.href,
    swallow: (text) => void (swallowed = text),
    cut,
    mend: () => void (away = false),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}
