import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Router } from '@koa/router'
import Koa from 'koa'
import { readBody } from '../original/parts.ts'
import type { DumpedCell } from '../target.ts'
import { DuoDatabase } from './database.ts'
import { deviceRoutes } from './device-routes.ts'
import { DuoRefusal, type DuoParts, type Handler } from './parts.ts'
import { shareRoutes } from './share-routes.ts'

export interface DuoOriginal extends AsyncDisposable {
  /** One for each process; they share one database. Hooks are served beside the rest. */
  readonly baseUrls: string[]
  readonly database: DuoDatabase
  /** What its database would hold on disk. */
  dump(): DumpedCell[]
  log(): Promise<string>
  /** Sets the clock of its process on: milliseconds. */
  shiftClock(by: number): void
}

export interface DuoOriginalWish {
  readonly facesUrl: string
  readonly servers?: number
}

/** A server of the Duo auth service's shape, so that every attack on it is seen to succeed somewhere. */
export async function startDuoOriginal({ facesUrl, servers = 1 }: DuoOriginalWish): Promise<DuoOriginal> {
  const database = new DuoDatabase()
  const lines: string[] = []
  let shift = 0
  const parts: DuoParts = { database, facesUrl, now: () => Date.now() + shift }
  const listening = await Promise.all(Array.from({ length: servers }, () => listen(parts, lines)))
  return {
    baseUrls: listening.map((server) => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`),
    database,
    dump: () => database.dump(),
    log: () => Promise.resolve(lines.join('\n')),
    shiftClock: (by) => void (shift += by),
    async [Symbol.asyncDispose]() {
      await Promise.all(
        listening.map((server) => {
          server.closeAllConnections()
          return new Promise<void>((resolve) => void server.close(() => resolve()))
        }),
      )
    },
  }
}

async function listen(parts: DuoParts, lines: string[]): Promise<ReturnType<Koa['listen']>> {
  const app = new Koa()
  app.silent = true
  app.use(async (context, next) => {
    await next()
    const who = context.get('authorization')
    lines.push(`${context.method} ${context.url} ${String(context.status)} "${context.get('user-agent')}" ${who}`)
  })
  app.use(route(parts, (line) => lines.push(line)).routes())
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function route(parts: DuoParts, log: (line: string) => void): Router {
  const router = new Router()
  for (const [name, handle] of Object.entries({ ...deviceRoutes, ...shareRoutes })) {
    const [method = '', path = ''] = name.split(' ')
    router.register(path, [method], async (context) => {
      context.status = 200
      const body = await answer(parts, context, handle).catch((error: unknown) => {
        log(error instanceof Error ? String(error.stack) : String(error))
        context.status = error instanceof DuoRefusal ? error.status : 500
        const code = error instanceof DuoRefusal ? error.code : 100901
        return { error: { code, message: error instanceof Error ? error.message : 'failed' } }
      })
      context.type = 'application/json'
      context.body = JSON.stringify(body)
    })
  }
  return router
}

const answer = async (parts: DuoParts, context: Parameters<Handler>[2], handle: Handler): Promise<unknown> =>
  handle(parts, await readBody(context), context)
