import type Koa from 'koa'
import type { Dialect } from './dialect.ts'
import type { AnyEndpoint } from './endpoint.ts'
import { type Handler, type Reply, StreamedReply } from './handler.ts'
import { DEFAULT_BODY_LIMIT, parseInput, readBody } from './input.ts'
import { isOutage } from './outage.ts'
import type { Judge } from './judge.ts'
import { crashed, Refusal, unavailable } from './refusal.ts'
import { streamBody, StreamRefused } from './stream.ts'

export interface Answer {
  readonly status: number
  /** As it is sent; `undefined` where there is none. */
  readonly text: string | undefined
  /** Instead of a text: JSON in pieces. */
  readonly chunks?: AsyncIterable<string>
  readonly headers: Readonly<Record<string, string>>
  readonly told: { refusal?: string; field?: string; error?: unknown }
}

interface Way<Deps> {
  readonly handler: Handler<Deps>
  readonly judge: Judge<Deps>
  readonly dialect: Dialect
  readonly deps: Deps
}

/** The one road that every request takes: read, validate, prove, handle, render, write. Nothing is thrown beyond it. */
export async function answerRequest<Deps>(ctx: Koa.Context, way: Way<Deps>): Promise<Answer> {
  const { endpoint } = way.handler
  const { dialect } = way
  try {
    const outcome = await walk(ctx, way)
    return outcome instanceof Refusal
      ? renderRefusal(outcome, endpoint, dialect)
      : renderReply(outcome, endpoint, dialect)
  } catch (error) {
    if (error instanceof StreamRefused) return renderRefusal(error.refusal, endpoint, dialect)
    if (!isOutage(error)) {
      const { requestId } = ctx.state as { requestId: string }
      return { ...renderRefusal(crashed({ id: requestId }), endpoint, dialect), told: { refusal: 'crashed', error } }
    }
    const rendered = renderRefusal(error.refusal ?? unavailable(), endpoint, dialect)
    const headers = { ...rendered.headers, 'Retry-After': String(Math.ceil(error.retryAfterSeconds)) }
    return { ...rendered, headers, told: { refusal: 'unavailable', error } }
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
  const { requestId, ip } = ctx.state as { requestId: string; ip: string }
  const proof = await judge({ method, target: url, headers, rawHeaders, body, input, ip }, deps)
  if (proof instanceof Refusal) return proof
  const stream = endpoint.bodyStream && streamBody(ctx.req, endpoint.bodyLimit ?? DEFAULT_BODY_LIMIT)
  return handler.handle({ ...input, stream, proof, id: requestId, ip } as never, deps)
}

function renderReply(reply: Reply, endpoint: AnyEndpoint, dialect: Dialect): Answer {
  const shape = endpoint.reply[reply.status]
  if (!shape)
    throw new Error(`${endpoint.method} ${endpoint.path} answered ${String(reply.status)}, which it does not declare`)
  if (reply instanceof StreamedReply)
    return { status: reply.status, text: undefined, chunks: reply.body, headers: {}, told: {} }
  return { status: reply.status, text: write(dialect, shape.parse(reply.body)), headers: {}, told: {} }
}

/** @param endpoint `undefined` for an unknown route. */
export function renderRefusal(refusal: Refusal, endpoint: AnyEndpoint | undefined, dialect: Dialect): Answer {
  const { field } = refusal.details
  const told = typeof field === 'string' ? { refusal: refusal.kind, field } : { refusal: refusal.kind }
  const { body, ...rendered } = dialect.render(refusal, endpoint)
  return { headers: {}, ...rendered, text: write(dialect, body), told }
}

/** JSON has no text for `undefined`. @throws where a body is nested too deep, or is none that JSON knows. */
const write = (dialect: Dialect, body: unknown): string | undefined => dialect.encode?.(body) ?? JSON.stringify(body)
