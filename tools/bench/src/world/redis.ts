import { once } from 'node:events'
import { connect } from 'node:net'
import { type RedisServer, startRedis } from '@strongroom/redis'

export interface BenchRedis {
  readonly url: string
  /** Forgets everything. */
  empty(): Promise<void>
  stop(): Promise<void>
}

export async function startBenchRedis(): Promise<BenchRedis> {
  const server = await startRedis()
  return { url: server.url, empty: () => flush(server), stop: () => server.close() }
}

/** Two inline commands of its protocol; each is answered `+OK`. */
async function flush({ url, port }: RedisServer): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('utf8')
  socket.write(`AUTH ${new URL(url).password}\r\nFLUSHALL\r\nQUIT\r\n`)
  let said = ''
  socket.on('data', (text: string) => (said += text))
  await once(socket, 'end')
  socket.destroy()
  if (said !== '+OK\r\n'.repeat(3)) throw new Error('Redis could not be emptied')
}
