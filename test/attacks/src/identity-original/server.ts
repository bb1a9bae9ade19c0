import { once } from 'node:events'
import { STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Router } from '@koa/router'
import Koa from 'koa'
import type { DumpedCell } from '../target.ts'
import { blobRoutes } from './blob-routes.ts'
import { IdentityDatabase } from './database.ts'
import { factorRoutes } from './factor-routes.ts'
import { type Body, type Handler, type IdentityParts, IdentityRefusal } from './parts.ts'
import { walletRoutes } from './wallet-routes.ts'

export interface IdentityOriginal extends AsyncDisposable {
  readonly baseUrls: string[]
  readonly database: IdentityDatabase
  readonly textsTo: (address: string) => string[]
  /** What its database would hold on disk. */
  dump(): DumpedCell[]
  log(): Promise<string>
}

/** A server of the Identity Storage's shape, so that every attack on it is seen to succeed somewhere. */
export async function startIdentityOriginal(): Promise<IdentityOriginal> {
  const database = new IdentityDatabase()
  const sent: { to: string; text: string }[] = []
  const lines: string[] = []
  const parts: IdentityParts = { database, send: (to, text) => void sent.push({ to, text }) }
  const app = new Koa()
  app.silent = true
  app.use(async (context, next) => {
    await next()
    lines.push(`${context.method} ${context.url} ${String(context.status)} ${context.get('signature')}`)
  })
  app.use(route(parts, lines).routes())
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    baseUrls: [`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`],
    database,
    textsTo: (address) => sent.filter(({ to }) => to === address).map(({ text }) => text),
    dump: () => database.dump(),
    log: () => Promise.resolve(lines.join('\n')),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

function route(parts: IdentityParts, lines: string[]): Router {
  const router = new Router()
  for (const [name, handle] of Object.entries({ ...walletRoutes, ...factorRoutes, ...blobRoutes })) {
    const [method = '', path = ''] = name.split(' ')
    router.register(path, [method], async (context) => {
      context.status = 200
      const answer = await answerTo(parts, context, handle).catch((error: unknown) => {
        lines.push(error instanceof Error ? String(error.stack) : String(error))
        const [status, told] =
          error instanceof IdentityRefusal ? [error.status, error.told] : [500, { detail: String(error) }]
        context.status = status
        return { errors: [{ title: STATUS_CODES[status], status: String(status), ...told }] }
      })
      if (answer === undefined) return
      context.type = 'application/vnd.api+json'
      context.body = JSON.stringify(answer)
    })
  }
  return router
}

async function answerTo(
  parts: IdentityParts,
  context: Parameters<Handler>[1]['context'],
  handle: Handler,
): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of context.req) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const body = (text === '' ? {} : JSON.parse(text)) as Body
  return handle(parts, { context, text, body })
}
