import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { OriginalDatabase } from './database.ts'
import type { OriginalParts } from './parts.ts'
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
  /** Everything that was sent to an address or number, oldest first. */
  textsTo: (address: string) => string[]
  takeProvider(): void
  bringProviderBack(): void
  /** Sets the clock of its process on, or back where negative. */
  shiftClock(days: number): void
  stop(): Promise<void>
}

const day = 24 * 60 * 60 * 1000

/** A server of the original's shape, so that every attack is seen to succeed somewhere: `servers` share one database. */
export async function startOriginal({ servers = 1 } = {}): Promise<Original> {
  const database = new OriginalDatabase()
  const hashes = startHashService()
  const lines: string[] = []
  const sent: { to: string; text: string }[] = []
  let [shift, isProviderThere] = [0, true]
  const provider = {
    send: async (to: string, text: string) => {
      if (!isProviderThere) throw new Error('provider: connection refused')
      sent.push({ to, text })
    },
  }
  const now = () => new Date(Date.now() + shift)
  const parts = { database, hashes, provider, now, log: (line: string) => void lines.push(line) }
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
    textsTo: (address) => sent.filter(({ to }) => to === address).map(({ text }) => text),
    takeProvider: () => void (isProviderThere = false),
    bringProviderBack: () => void (isProviderThere = true),
    shiftClock: (days) => void (shift += days * day),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

type Listening = ReturnType<Koa['listen']>

function composeOriginal(parts: OriginalParts): Koa {
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
