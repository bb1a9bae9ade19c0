import type Koa from 'koa'
import type { Dialect } from './dialect.ts'
import type { AnyEndpoint } from './endpoint.ts'
import type { Handler, Reply } from './handler.ts'
import { parseInput, readBody } from './input.ts'
import { isOutage } from './outage.ts'
import type { Judge } from './judge.ts'
import { crashed, Refusal, unavailable } from './refusal.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  readonly told: { refusal?: string; field?: string; error?: unknown }
}

interface Way<Deps> {
  readonly handler: Handler<Deps>
  readonly judge: Judge<Deps>
  readonly dialect: Dialect
  readonly deps: Deps
}

/** The one road that every request takes: read, validate, prove, handle, render. Nothing is thrown beyond it. */
export async function answerRequest<Deps>(ctx: Koa.Context, way: Way<Deps>): Promise<Answer> {
  const { endpoint } = way.handler
  const { dialect } = way
  try {
    const outcome = await walk(ctx, way)
    return outcome instanceof Refusal ? renderRefusal(outcome, endpoint, dialect) : renderReply(outcome, endpoint)
  } catch (error) {
    if (!isOutage(error)) {
      const { requestId } = ctx.state as { requestId: string }
      return { ...renderRefusal(crashed({ id: requestId }), endpoint, dialect), told: { refusal: 'crashed', error } }
    }
    const headers = { 'Retry-After': String(Math.ceil(error.retryAfterSeconds)) }
    return { ...renderRefusal(unavailable(), endpoint, dialect), headers, told: { refusal: 'unavailable', error } }
  }
}

async function walk<Deps>(ctx: Koa.Context, { handler, judge, dialect, deps }: Way<Deps>): Promise<Reply | Refusal> {
  const { endpoint } = handler
  const body = await readBody(ctx.req, endpoint)
  if (body instanceof Refusal) return body
  const { params, query } = ctx as Koa.Context & { params: unknown }
  const { method = '', url = '', headers, rawHeaders } = ctx.req
  const input = parseInput(endpoint, { params, query, headers, body }, dialect)
  if (input instanceof Refusal) return input
  const proof = await judge({ method, target: url, headers, rawHeaders, body, input }, deps)
  if (proof instanceof Refusal) return proof
  const { requestId, ip } = ctx.state as { requestId: string; ip: string }
  return handler.handle({ ...input, proof, id: requestId, ip } as never, deps)
}

function renderReply(reply: Reply, endpoint: AnyEndpoint): Answer {
  const shape = endpoint.reply[reply.status]
  if (!shape)
    throw new Error(`${endpoint.method} ${endpoint.path} answered ${String(reply.status)}, which it does not declare`)
  return { status: reply.status, body: shape.parse(reply.body), headers: {}, told: {} }
}

function renderRefusal(refusal: Refusal, endpoint: AnyEndpoint, dialect: Dialect): Answer {
  const { field } = refusal.details
  const told = typeof field === 'string' ? { refusal: refusal.kind, field } : { refusal: refusal.kind }
  return { ...dialect.render(refusal, endpoint), headers: {}, told }
}
