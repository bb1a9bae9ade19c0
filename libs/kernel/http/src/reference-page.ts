import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Middleware } from 'koa'

const dist = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
const files = new Map([
  ['/docs/swagger-ui.css', 'text/css'],
  ['/docs/swagger-ui-bundle.js', 'text/javascript'],
])
const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>API reference</title><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
`
const start =
  "SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', validatorUrl: null, tryItOutEnabled: false })\n"
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"

/** `/openapi.json`, and `/docs` for people. Everything comes from here: the page asks no other host for anything. */
export function referencePage(document: unknown): Middleware {
  const json = JSON.stringify(document)
  return async (ctx, next) => {
    if (ctx.method !== 'GET') return next()
    if (ctx.path === '/openapi.json') return answer(ctx, 'application/json', json)
    if (!ctx.path.startsWith('/docs')) return next()
    ctx.set('Content-Security-Policy', policy)
    if (ctx.path === '/docs/') return ctx.redirect('/docs')
    if (ctx.path === '/docs') return answer(ctx, 'text/html', page)
    if (ctx.path === '/docs/start.js') return answer(ctx, 'text/javascript', start)
    const type = files.get(ctx.path)
    if (!type) return next()
    return answer(ctx, type, await readFile(join(dist, ctx.path.slice('/docs/'.length))))
  }
}

function answer(ctx: Parameters<Middleware>[0], type: string, body: string | Buffer) {
  ctx.status = 200
  ctx.set('Content-Type', `${type}; charset=utf-8`)
  ctx.body = body
}
