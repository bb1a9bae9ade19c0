import type { IncomingHttpHeaders } from 'node:http'
import { prover, Refusal } from '@strongroom/http'
import { isGenuineKey } from '../accounts/key-row.ts'
import type { ClientApp } from '../apps/contract.ts'
import { judgeApp } from '../apps/judge-app.ts'
import { invalidToken } from '../refusals.ts'
import { accountToken, anyToken, type Caller, type RequestCaller, requestToken } from './account-token.ts'
import { REQUEST_SCOPE, secondsOf } from './claims.ts'
import { readToken } from './mint.ts'
import type { TokenDeps } from './open-tokens.ts'
import { counts } from './rules.ts'
import { findAccountStanding, findStanding } from './store.ts'
import { thumbprintOf } from './token-keys.ts'

const LONGEST_TOKEN = 4096
const bearer = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i

/** Signed by us for that app, in time by the database’s clock; its key is active, as we stamped it, and the account not closed. */
async function callerOf(deps: TokenDeps, app: ClientApp, token: string): Promise<Caller | undefined> {
  const { database, hsm, tokens } = deps
  const claims = await readToken(tokens, 'access', token)
  if (claims?.aud !== app.id) return undefined
  const standing = await findStanding(database.reading, claims)
  if (standing === undefined || claims.exp <= secondsOf(standing.now) || !counts(standing)) return undefined
  const { id: keyId, publicKey } = standing
  const keyThumbprint = thumbprintOf(publicKey)
  if (keyThumbprint !== claims.key) return undefined
  // A revoked key that was made active again by whoever can write the table has no stamp.
  if (!(await isGenuineKey(hsm, { id: claims.sub, appId: app.id }, standing))) return undefined
  return { app, accountId: claims.sub, keyId, publicKey, keyThumbprint }
}

/** Of an ephemeral token; whether its request still waits is the endpoint’s to say. */
async function requestOf(deps: TokenDeps, app: ClientApp, token: string): Promise<RequestCaller | undefined> {
  const claims = await readToken(deps.tokens, 'request', token)
  if (claims?.aud !== app.id) return undefined
  const standing = await findAccountStanding(deps.database.reading, claims)
  if (standing === undefined || standing.closed || claims.exp <= secondsOf(standing.now)) return undefined
  const { sub: accountId, scope } = claims
  return { app, accountId, scope, requestId: scope.slice(REQUEST_SCOPE.length) }
}

type Reading<Who> = (deps: TokenDeps, app: ClientApp, token: string) => Promise<Who | undefined>

async function judge<Who>(headers: IncomingHttpHeaders, deps: TokenDeps, read: Reading<Who>) {
  const app = await judgeApp(headers, deps)
  if (app instanceof Refusal) return app
  const { authorization = '' } = headers
  const [, token] = authorization.length <= LONGEST_TOKEN ? (bearer.exec(authorization) ?? []) : []
  return (token === undefined ? undefined : await read(deps, app, token)) ?? invalidToken()
}

export const proveAccount = prover<TokenDeps>()(accountToken, ({ headers }, deps) => judge(headers, deps, callerOf))
export const proveRequest = prover<TokenDeps>()(requestToken, ({ headers }, deps) => judge(headers, deps, requestOf))
export const proveAny = prover<TokenDeps>()(anyToken, ({ headers }, deps) =>
  judge<Caller | RequestCaller>(
    headers,
    deps,
    async (...asked) => (await callerOf(...asked)) ?? (await requestOf(...asked)),
  ),
)
