import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A page of the web that names us by a host of its own, or posts to us, is turned away. */
export const isFromHere = ({ headers: { host = '', origin } }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost):\d+$/.test(host) && (origin === undefined || origin === `http://${host}`)

const MOST_BYTES = 1024 * 1024

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_BYTES) throw new RangeError('too large')
    chunks.push(chunk)
  }
  return length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown)
}

/** The port: the wanted one, or any where that is taken. */
export async function listen(server: Server, wanted: number): Promise<number> {
  try {
    await tryPort(server, wanted)
  } catch (error) {
    if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await tryPort(server, 0)
  }
  return (server.address() as AddressInfo).port
}

function tryPort(server: Server, port: number): Promise<unknown> {
  const listening = once(server, 'listening')
  server.listen(port, '127.0.0.1')
  return listening
}
