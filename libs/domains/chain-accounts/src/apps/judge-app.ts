import type { IncomingHttpHeaders } from 'node:http'
import { equalBytes } from '@strongroom/crypto'
import { prover, type Refusal } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import { invalidAppSecret } from '../refusals.ts'
import { appSecret, APP_SECRET_HEADERS, type ClientApp } from './contract.ts'
import { readSecret } from './secret.ts'
import { findOnlyApp, findSecret } from './store.ts'

export interface AppDeps {
  readonly database: Database
}

/** What an unknown secret is compared with, so that it takes the steps of a wrong one. */
const NOBODYS = new Uint8Array(32)

/** The app whose secret is brought; without one the only app, where there is one alone. */
export async function judgeApp(
  headers: IncomingHttpHeaders,
  { database }: AppDeps,
): Promise<ClientApp | Refusal<'invalid-app-secret'>> {
  const brought = APP_SECRET_HEADERS.flatMap((name) => headers[name] ?? [])
  const [text, another] = brought
  if (text === undefined) return (await findOnlyApp(database.reading)) ?? invalidAppSecret()
  // Two that differ would let a proxy and us each believe another.
  if (another !== undefined && another !== text) return invalidAppSecret()
  const secret = readSecret(text)
  if (!secret) return invalidAppSecret()
  const found = await findSecret(database.reading, secret.id)
  const fits = equalBytes(secret.digest, found?.digest ?? NOBODYS)
  return found && fits ? { id: found.id, name: found.name } : invalidAppSecret()
}

export const proveApp = prover<AppDeps>()(appSecret, ({ headers }, deps) => judgeApp(headers, deps))
