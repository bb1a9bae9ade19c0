import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

const loopback = ['127.0.0.1', '::1', 'localhost']

/**
 * Refuses any host but this machine: whoever reads the outbox reads every code that was sent.
 * @throws TypeError
 */
export function checkHost(host: string): void {
  if (!loopback.includes(host)) throw new TypeError('the outbox listens on this machine only')
}

/** Listens on the wanted port, on any free one where it is 0 or busy; answers which. */
export async function listen(server: Server, host: string, wanted: number): Promise<number> {
  try {
    await tryPort(server, host, wanted)
  } catch (error) {
    if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await tryPort(server, host, 0)
  }
  return (server.address() as AddressInfo).port
}

function tryPort(server: Server, host: string, port: number) {
  const listening = once(server, 'listening')
  server.listen(port, host)
  return listening
}
