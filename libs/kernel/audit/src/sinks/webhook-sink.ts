import { sha256, type Secret, toHex, toUtf8 } from '@strongroom/crypto'
import { headToJson } from '../head.ts'
import { type Sink, SinkUnavailable } from './sink.ts'

const TIME_LIMIT_MS = 10_000
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * Posts each head as JSON and takes any 2xx for accepted; anything else is sent again later. HTTPS unless the receiver
 * is on this machine, no redirects, 10 s. The receiver may see a head twice.
 * @throws TypeError for an address without HTTPS, or with a password in it.
 */
export function webhookSink({ url, bearer }: { url: string; bearer?: Secret }): Sink {
  const address = new URL(url)
  const safe = address.protocol === 'https:' || (address.protocol === 'http:' && loopback.test(address.hostname))
  if (!safe) throw new TypeError('a webhook sink needs https, unless it is on this machine')
  if (address.username !== '' || address.password !== '')
    throw new TypeError('a webhook sink takes its credential as a bearer token, not in the address')
  // The path may be a secret: names hold the host and a hash.
  const name = `webhook:${address.host}/${toHex(sha256(toUtf8(address.href))).slice(0, 16)}`
  const headers = {
    'content-type': 'application/json',
    ...(bearer && { authorization: `Bearer ${Buffer.from(bearer.expose()).toString('utf8')}` }),
  }
  return {
    targets: [
      {
        name,
        async send(head) {
          const request = { method: 'POST', headers, body: headToJson(head), redirect: 'manual' } as const
          const answer = await fetch(address, { ...request, signal: AbortSignal.timeout(TIME_LIMIT_MS) }).catch(() => {
            throw new SinkUnavailable(name, 'no answer')
          })
          await answer.body?.cancel()
          if (!answer.ok) throw new SinkUnavailable(name, `it answered ${String(answer.status)}`)
        },
      },
    ],
  }
}
