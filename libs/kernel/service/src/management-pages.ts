import { referencePage } from '@strongroom/http'
import type { Middleware } from 'koa'
import type { Metrics } from './metrics.ts'

/** `/metrics`, `/openapi.json` and `/docs`. */
export function managementPages(document: unknown, metrics: Metrics): Middleware {
  const documents = referencePage(document)
  return async (ctx, next) => {
    if (ctx.method !== 'GET' || ctx.path !== '/metrics') return documents(ctx, next)
    ctx.set('Content-Type', metrics.contentType)
    ctx.body = await metrics.render()
    return undefined
  }
}
