import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import cors from '@koa/cors'
import { Router } from '@koa/router'
import Koa from 'koa'
import { clientAddress } from './address.ts'
import { callerOf } from './caller.ts'
import type { Dialect } from './dialect.ts'
import type { Mount, Route } from './mount.ts'
import { unknownRoute, wrongMethod } from './refusal.ts'
import { type Answer, renderRefusal } from './road.ts'
import { securityHeaders } from './security-headers.ts'

export interface ListenerOptions {
  /** The first one's dialect answers where no route fits. */
  readonly mounts: readonly [Mount, ...Mount[]]
  /** Proxies in front of this listener that may be believed; 0 where callers connect directly. */
  readonly trustedProxyHops?: number
  /** Origins whose pages may call this listener, exactly as browsers send them; none unless given. */
  readonly corsOrigins?: readonly string[]
  /** Told of each answer, for logs and metrics. */
  readonly onAnswer?: (told: Told) => void
  /** Answers what is no endpoint: documents, metrics. */
  readonly beside?: Koa.Middleware
}

/** What logs and metrics learn of an answer: never a path, a header or a value. */
export interface Told {
  readonly requestId: string
  readonly method: string
  /** The template, `/v2/key/:keyId`, or `unknown`. */
  readonly route: string
  readonly status: number
  readonly seconds: number
  readonly refusal?: string
  /** The input field that was wrong. */
  readonly field?: string
  /** What was thrown, if anything was. */
  readonly error?: unknown
}

/** The Koa app of one port. */
export function listener({ mounts, trustedProxyHops = 0, corsOrigins = [], onAnswer, beside }: ListenerOptions): Koa {
  const router = new Router({ strict: true, sensitive: true })
  for (const { routes, dialect } of mounts) for (const route of routes) addRoute(router, route, dialect)

  const app = new Koa()
  app.silent = true
  app.use(async (ctx, next) => {
    const started = performance.now()
    const requestId = randomUUID()
    ctx.state = { requestId, ip: callerOf(clientAddress(ctx.req, trustedProxyHops)) }
    ctx.set({ ...securityHeaders, 'X-Request-Id': requestId })
    await next()
    const { answer, route = 'unknown' } = ctx.state as { answer?: Answer; route?: string }
    if (!answer || !onAnswer) return
    const seconds = (performance.now() - started) / 1000
    onAnswer({ requestId, method: ctx.method, route, status: ctx.status, seconds, ...answer.told })
  })
  if (corsOrigins.length > 0) app.use(sharedWith(corsOrigins))
  app.use(router.routes())
  if (beside) app.use(beside)
  const [{ dialect }] = mounts
  app.use(async (ctx) => {
    const known = router.match(ctx.path, ctx.method).path.length > 0
    const refusal = known && dialect.wrongMethods === 'told' ? wrongMethod() : unknownRoute()
    await send(ctx, dialect, renderRefusal(refusal, undefined, dialect))
  })
  return app
}

/** Bearer tokens, not cookies: credentials are never shared. Other origins are answered without a word of it. */
const sharedWith = (origins: readonly string[]) =>
  cors({
    origin: (ctx) => origins.find((one) => one === ctx.get('Origin')) ?? '',
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposeHeaders: ['X-Request-Id', 'Retry-After'],
    maxAge: 600,
  })

function addRoute(router: Router, route: Route, dialect: Dialect) {
  const { endpoint } = route
  const layer = router.register(endpoint.path, [endpoint.method], async (ctx) => {
    ctx.state['route'] = endpoint.path
    await send(ctx, dialect, await route.answer(ctx))
  })
  // The router answers HEAD wherever it answers GET; here a GET may spend a guess, so nothing is implied.
  if ('methods' in layer) layer.methods = [endpoint.method]
}

async function send(ctx: Koa.Context, dialect: Dialect, answer: Answer): Promise<void> {
  ctx.state['answer'] = answer
  ctx.status = answer.status
  ctx.set({ ...answer.headers, 'Content-Type': dialect.contentType })
  if (answer.chunks) return sendChunks(ctx, answer, answer.chunks)
  ctx.body = answer.text
}

/** The caller left: nothing of ours failed. */
const isHangUp = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'

/** Koa keeps a connection open whose stream fails; a caller must see that an answer has no end. */
async function sendChunks(ctx: Koa.Context, answer: Answer, chunks: AsyncIterable<string>): Promise<void> {
  ctx.respond = false
  try {
    await pipeline(Readable.from(chunks, { highWaterMark: 1 }), ctx.res)
  } catch (error) {
    ctx.state['answer'] = { ...answer, told: { refusal: 'broken-off', ...(isHangUp(error) ? {} : { error }) } }
  }
}
