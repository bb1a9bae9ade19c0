import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type Head, headToJson } from '../head.ts'
import { type Sink, SinkUnavailable } from './sink.ts'

const TIME_LIMIT_MS = 5_000
/** Facility 13 (log audit), severity 5 (notice). */
const PRIORITY = 13 * 8 + 5

/**
 * RFC 5424 messages with the head as JSON: `syslog://host:port` over TCP with counted octets (RFC 6587),
 * `syslog+udp://host:port` a datagram each. Over TCP a head counts as accepted when the receiver has closed its side;
 * over UDP nobody answers, and what is lost stays lost until the next head, which covers it.
 * @throws TypeError for another address.
 */
export function syslogSink(url: string): Sink {
  const { protocol, hostname, port } = new URL(url)
  const send = transports[protocol]
  if (!send || hostname === '' || port === '')
    throw new TypeError('a syslog sink is syslog://host:port or syslog+udp://host:port')
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
  const name = `${protocol}//${hostname}:${port}`
  return {
    targets: [
      {
        name,
        async send(head) {
          try {
            await send(Buffer.from(toMessage(head)), place)
          } catch (error) {
            throw new SinkUnavailable(name, codeOf(error))
          }
        },
      },
    ],
  }
}

const toMessage = (head: Head): string =>
  `<${String(PRIORITY)}>1 ${head.at} - ${head.app.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, 48)} - audit-head - ${headToJson(head)}`

interface Place {
  readonly host: string
  readonly port: number
}

async function sendStream(message: Buffer, place: Place): Promise<void> {
  const socket = connect({ ...place, signal: AbortSignal.timeout(TIME_LIMIT_MS) })
  socket.resume()
  socket.end(Buffer.concat([Buffer.from(`${String(message.length)} `), message]))
  const [failed] = (await once(socket, 'close')) as [boolean]
  if (failed) throw new Error('the connection was cut')
}

async function sendDatagram(message: Buffer, { host, port }: Place): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('error', reject)
  socket.send(message, port, host, (error) => (error ? reject(error) : resolve()))
  try {
    await promise
  } finally {
    socket.close()
  }
}

const transports: Readonly<Record<string, typeof sendStream>> = {
  'syslog:': sendStream,
  'syslog+tcp:': sendStream,
  'syslog+udp:': sendDatagram,
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no connection'
