import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { OriginalDatabase } from './database.ts'
import { startHashService } from './pin-hash.ts'
import { routeOriginal } from './routes.ts'
import type { DumpedCell } from '../target.ts'

export interface Original extends AsyncDisposable {
  baseUrls: string[]
  database: OriginalDatabase
  /** What its database would hold on disk. */
  dump(): DumpedCell[]
  log(): Promise<string>
  takeToken(): Promise<void>
  bringTokenBack(): Promise<void>
  stop(): Promise<void>
}

/** A server of the original's shape, so that every attack is seen to succeed somewhere: `servers` share one database. */
export async function startOriginal({ servers = 1 } = {}): Promise<Original> {
  const database = new OriginalDatabase()
  const hashes = startHashService()
  const lines: string[] = []
  const parts = { database, hashes, log: (line: string) => void lines.push(line) }
  const listening = await Promise.all(Array.from({ length: servers }, () => listen(composeOriginal(parts))))
  const stop = async () => {
    await Promise.all(listening.map(close))
  }
  return {
    baseUrls: listening.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    database,
    dump: () => database.dump(),
    log: async () => lines.join('\n'),
    takeToken: async () => hashes.stop(),
    bringTokenBack: async () => hashes.restart(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

type Listening = ReturnType<Koa['listen']>

function composeOriginal(parts: Parameters<typeof routeOriginal>[0]): Koa {
  const app = new Koa()
  app.silent = true
  app.use(async (context, next) => {
    await next()
    parts.log(
      `${context.method} ${context.url} ${context.status} "${context.get('user-agent')}" "${context.get('referer')}"`,
    )
  })
  app.use(routeOriginal(parts).routes())
  // What the gateway before the original says to an unknown route.
  app.use((context) => {
    context.status = 403
    context.type = 'application/json'
    context.body = '{"message":"Missing Authentication Token"}'
  })
  return app
}

async function listen(app: Koa): Promise<Listening> {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function close(server: Listening): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => void server.close(() => resolve()))
}
