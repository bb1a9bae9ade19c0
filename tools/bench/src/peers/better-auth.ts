import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db'
import { toNodeHandler } from 'better-auth/node'
import { openPool } from './pool.ts'

// Better Auth as its documents set it up on Node and PostgreSQL. Sessions are read from the database each time, which is
// what it does until somebody switches the cache in its cookie on; its limits are off, as ours are raised.
const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: 'of a benchmark, and of nothing else',
  database: openPool(),
  emailAndPassword: { enabled: true },
  session: { cookieCache: { enabled: false } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
})
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()

const server = createServer((request, response) => void toNodeHandler(auth)(request, response))
server.keepAliveTimeout = 65_000
server.listen(0, '127.0.0.1', () => process.send?.({ listening: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit(0))
