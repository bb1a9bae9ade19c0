import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import gracefulShutdown from 'http-graceful-shutdown'
import type Koa from 'koa'
import type { Beside } from './service.ts'

export interface Listening {
  readonly port: number
  /** Takes no new request, lets those in flight end, then closes. */
  drain(): Promise<void>
}

const limits = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
}

/** Listens with limits on how long a caller may take to say what it wants. */
export async function listen(
  app: Koa,
  { host, port, drainSeconds, tls }: { host: string; port: number; drainSeconds: number; tls?: Beside['tls'] },
) {
  const server = tls
    ? createTlsServer({
        ...limits,
        cert: tls.cert,
        key: tls.key,
        ca: tls.clientCa,
        requestCert: true,
        minVersion: 'TLSv1.3',
      })
    : createServer(limits)
  server.maxRequestsPerSocket = 0
  const handle = app.callback()
  server.on('request', (request, response) => void handle(request, response))
  await bind(server, host, port)
  const drain = gracefulShutdown(server, { signals: '', forceExit: false, timeout: drainSeconds * 1000 })
  return { port: (server.address() as AddressInfo).port, drain } satisfies Listening
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
