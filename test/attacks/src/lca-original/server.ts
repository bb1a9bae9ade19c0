import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Router } from '@koa/router'
import Koa from 'koa'
import { readBody } from '../original/parts.ts'
import type { DumpedCell } from '../target.ts'
import { loginRoutes } from './login-routes.ts'
import { LcaError, type LcaParts } from './parts.ts'
import { LcaDatabase } from './records.ts'
import { relayRoutes } from './relay-routes.ts'
import { type Handler, shareRoutes } from './share-routes.ts'

export interface LcaOriginal extends AsyncDisposable {
  baseUrls: string[]
  database: LcaDatabase
  /** What its database would hold on disk. */
  dump(): DumpedCell[]
  log(): Promise<string>
  /** Everything that was sent to an address or number, oldest first. */
  textsTo: (address: string) => string[]
}

/** A server of the LCA API's shape, so that every attack on it is seen to succeed somewhere. */
export async function startLcaOriginal(): Promise<LcaOriginal> {
  const database = new LcaDatabase()
  const lines: string[] = []
  const sent: { to: string; text: string }[] = []
  const provider = { send: async (to: string, text: string) => void sent.push({ to, text }) }
  const app = new Koa()
  app.silent = true
  app.use(async (context, next) => {
    await next()
    lines.push(`${context.method} ${context.url} ${String(context.status)} "${context.get('user-agent')}"`)
  })
  app.use(route({ database, provider }, (line) => lines.push(line)).routes())
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    baseUrls: [`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`],
    database,
    dump: () => database.dump(),
    log: () => Promise.resolve(lines.join('\n')),
    textsTo: (address) => sent.filter(({ to }) => to === address).map(({ text }) => text),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

function route(parts: LcaParts, log: (line: string) => void): Router {
  const router = new Router({ prefix: '/api' })
  for (const [name, handle] of Object.entries({ ...shareRoutes, ...loginRoutes, ...relayRoutes })) {
    const [method = '', path = ''] = name.split(' ')
    router.register(path, [method], async (context) => {
      const [status, body] = await answer(parts, context, handle).catch((error: unknown): [number, unknown] => {
        log(error instanceof Error ? String(error.stack) : String(error))
        const code = error instanceof LcaError ? error.status : 500
        return [code, { message: error instanceof Error ? error.message : 'failed' }]
      })
      context.status = status
      context.type = 'application/json'
      context.body = JSON.stringify(body)
    })
  }
  return router
}

async function answer(
  parts: LcaParts,
  context: Parameters<Handler>[2],
  handle: Handler,
): Promise<[status: number, body: unknown]> {
  const fields = { ...Object.fromEntries(new URL(context.href).searchParams), ...(await readBody(context)) }
  return [200, await handle(parts, fields, context)]
}
