import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { certify } from '@strongroom/outbox'
import { type LoopbackPush, readLoopbackPush } from '../src/index.ts'
import type { Asked } from './gateway.ts'

const identity = certify(['127.0.0.1', 'fcm.googleapis.com', 'oauth2.googleapis.com'])
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** The key file of a service account that nobody gave us. */
export const serviceAccount = JSON.stringify({
  type: 'service_account',
  project_id: 'canary-project',
  client_email: 'canary@example.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
})

export interface PushService {
  readonly loopback: LoopbackPush
  readonly asked: readonly Asked[]
  /** Of what was asked, the messages. */
  readonly messages: () => readonly Asked[]
  /** How many messages were hung up on before they had been answered to the end. */
  readonly abandoned: () => number
  stop(): Promise<void>
}

type Answer = (asked: Asked, response: ServerResponse) => void

/** A push service over TLS on a free port of this machine; whoever asks it for a token is granted one, unless `token` says otherwise. */
export async function startPushService(answer: Answer, token?: Answer): Promise<PushService> {
  const asked: Asked[] = []
  let abandoned = 0
  const server = createServer({ key: identity.key, cert: identity.certificate }, (request, response) => {
    response.on('close', () => (abandoned += Number(request.url !== '/token' && !response.writableFinished)))
    void (async () => {
      const body = (await buffer(request)).toString('latin1')
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      asked.push(one)
      if (one.path === '/token') (token ?? grant)(one, response)
      else answer(one, response)
    })().catch(() => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    loopback: readLoopbackPush({ url: `https://127.0.0.1:${String(port)}`, ca: identity.certificate }),
    asked,
    messages: () => asked.filter(({ path }) => path !== '/token'),
    abandoned: () => abandoned,
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Sends until a message has reached the service: on a slow machine a short time limit may come before that. */
export async function untilAsked(service: PushService, send: () => Promise<Error>) {
  for (let sends = 1; ; sends++) {
    const error = await send()
    if (service.messages().length > 0) return { error, sends }
  }
}

export const answering =
  (status: number, body: object | string = {}, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))

/** Begins an answer that never ends. */
export const drip =
  (status: number): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '.repeat(1000)), 20)
    response.on('close', () => clearInterval(timer))
  }

export const grant: Answer = answering(200, { access_token: 'canary-bearer', expires_in: 3599 })
