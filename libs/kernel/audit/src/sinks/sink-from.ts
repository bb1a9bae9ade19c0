import { fileURLToPath } from 'node:url'
import type { Secret } from '@strongroom/crypto'
import { fileSink } from './file-sink.ts'
import { severalSinks, type Sink } from './sink.ts'
import { syslogSink } from './syslog-sink.ts'
import { webhookSink } from './webhook-sink.ts'

/**
 * The sink that a setting names: `file:/path`, `syslog://host:port` (TCP), `syslog+udp://host:port`, `https://…`, or
 * several of them with spaces between. `bearer` goes to the webhooks.
 * @throws TypeError for anything else; the message does not repeat it.
 */
export function sinkFrom(text: string, bearer?: Secret): Sink {
  const urls = text.split(/\s+/).filter(Boolean)
  if (urls.length === 0) throw new TypeError('no sink is named')
  return severalSinks(...urls.map((url) => oneFrom(url, bearer)))
}

function oneFrom(url: string, bearer: Secret | undefined): Sink {
  if (!URL.canParse(url)) throw new TypeError('a sink is a URL: file:/path, syslog://host:port or https://…')
  const { protocol } = new URL(url)
  if (protocol === 'file:') return fileSink(fileURLToPath(url))
  if (protocol.startsWith('syslog')) return syslogSink(url)
  if (protocol.startsWith('http')) return webhookSink({ url, ...(bearer && { bearer }) })
  throw new TypeError('a sink is file:/path, syslog://host:port or https://…')
}
