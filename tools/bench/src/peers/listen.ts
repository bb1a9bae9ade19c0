import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type Koa from 'koa'

/** Listens on a free port and tells the parent which; ends with it. */
export function listen(app: Koa): void {
  const handle = app.callback()
  const server = createServer((request, response) => void handle(request, response))
  server.keepAliveTimeout = 65_000
  server.listen(0, '127.0.0.1', () => process.send?.({ listening: (server.address() as AddressInfo).port }))
  process.on('disconnect', () => process.exit(0))
}
