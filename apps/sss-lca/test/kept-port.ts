import { once } from 'node:events'
import { createServer } from 'node:net'

/** Keeps the port of a server that is away: else whoever is given a free port may be given that one. */
export interface KeptPort {
  /** For the server that comes back. */
  free(): Promise<void>
}

/** Whoever connects is hung up on. */
export async function keepPort(port: number): Promise<KeptPort> {
  const server = createServer((socket) => socket.on('error', () => undefined).destroy())
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    async free() {
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}
