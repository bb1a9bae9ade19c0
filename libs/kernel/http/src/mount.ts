import type Koa from 'koa'
import type { Dialect } from './dialect.ts'
import type { AnyEndpoint } from './endpoint.ts'
import type { Handler } from './handler.ts'
import { judgeOf } from './judge.ts'
import type { Prover } from './prover.ts'
import { type Answer, answerRequest } from './road.ts'

export interface Route {
  readonly endpoint: AnyEndpoint
  answer(ctx: Koa.Context): Promise<Answer>
}

/** Handlers with everything that they need: ready for a listener. */
export interface Mount {
  readonly dialect: Dialect
  readonly routes: readonly Route[]
}

/** Gives handlers and provers the dependencies that they declare; the compiler adds them up. */
export function mount<Deps>(parts: {
  dialect: Dialect
  handlers: readonly Handler<Deps>[]
  provers?: readonly Prover<Deps>[]
  deps: Deps
}): Mount {
  const { dialect, handlers, provers = [], deps } = parts
  const routes = handlers.map((handler): Route => {
    const { endpoint } = handler
    const judge = judgeOf(endpoint.proof, provers)
    return { endpoint, answer: (ctx) => answerRequest(ctx, { handler, judge, dialect, deps }) }
  })
  return { dialect, routes }
}
