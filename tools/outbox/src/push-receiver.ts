import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { FcmReceiver } from './fcm-receiver.ts'
import type { PushIdentity } from './push-identity.ts'
import { readBody } from './read-body.ts'
import type { WebPushReceiver } from './web-push-receiver.ts'

interface Receivers {
  readonly identity: PushIdentity
  readonly fcm: FcmReceiver
  readonly web: WebPushReceiver
}

interface Answer {
  readonly status: number
  readonly body?: object
}

/** Every push service in one, over TLS, as apps that point at this machine instead of theirs ask them. */
export const pushReceiver = ({ identity, fcm, web }: Receivers): Server =>
  createServer({ key: identity.key, cert: identity.certificate, requestTimeout: 10_000 }, (request, response) => {
    answerTo(request, { fcm, web })
      .catch((): Answer => ({ status: 400 }))
      .then((answer) => write(response, answer))
      .catch(() => response.destroy())
  })

async function answerTo(request: IncomingMessage, { fcm, web }: Omit<Receivers, 'identity'>): Promise<Answer> {
  const { method, url = '', headers } = request
  if (headers.origin !== undefined) return { status: 403 }
  if (method !== 'POST') return { status: 405 }
  const body = await readBody(request)
  if (url === '/token') return fcm.grant(body.toString())
  const project = /^\/v1\/projects\/([^/]+)\/messages:send$/.exec(url)?.[1]
  if (project !== undefined) {
    return fcm.send({ project, authorization: headers.authorization, body: body.toString() })
  }
  const id = /^\/push\/([\w-]+)$/.exec(url)?.[1]
  return { status: id === undefined ? 404 : web.receive(id, { headers, body }) }
}

function write(response: ServerResponse, { status, body }: Answer): void {
  const wait = status === 503 ? { 'retry-after': '5' } : {}
  response.writeHead(status, { 'content-type': 'application/json', ...wait })
  response.end(body ? JSON.stringify(body) : '')
}
