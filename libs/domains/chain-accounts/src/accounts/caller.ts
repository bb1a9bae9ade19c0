import { type Limiter, Refusal } from '@strongroom/http'
import { Secret, toHex, toUtf8 } from '@strongroom/crypto'
import type { Database } from '@strongroom/storage'
import type { ClientApp } from '../apps/contract.ts'
import type { Login, Logins, LoginWish } from '../logins/login.ts'
import { pleaseSignUp, tooManyRequests } from '../refusals.ts'
import type { LoginRequest } from '../shapes.ts'
import type { z } from 'zod'
import { isStamped, nameIdentity } from './names.ts'
import type { Keystore } from '@strongroom/hsm'
import { findIdentity, type IdentityRow } from './store.ts'

export interface LoginDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly logins: Logins
  /** Requests of one login, or of one caller. */
  readonly requests: Limiter
  /** Logins by the address that they come from. */
  readonly arrivals: Limiter
}

export interface Known {
  readonly login: Login
  readonly lookup: Uint8Array
  /** Whose account this login opens; none where it has none that we wrote. */
  readonly account: IdentityRow | undefined
}

/** Which app somebody uses, and from where. */
export interface Arrival {
  readonly app: ClientApp
  readonly ip: string
}

/** Who somebody is, by the provider's token, and the account of that login. */
export async function nameCaller(deps: LoginDeps, { app, ip }: Arrival, request: z.output<typeof LoginRequest>) {
  const { database, hsm, logins, requests, arrivals } = deps
  // Before anything is judged: codes are redeemed at the provider in our name.
  const early = await takeRequest(arrivals, ip)
  if (early) return early
  const login = await logins.verify(app, wishOf(request))
  if (login instanceof Refusal) return login
  const { provider, issuer, subject } = login
  const lookup = await nameIdentity(hsm, { appId: app.id, provider, issuer, subject })
  const limited = await takeRequest(requests, toHex(lookup))
  if (limited) return limited
  const account = await findIdentity(database.reading, lookup)
  const known: Known = { login, lookup, account }
  if (!account) return known
  await assertOurs(hsm, app, account)
  return known
}

/** A login that was pointed at another account, by whoever can write the table, opens none and makes none. */
export async function assertOurs(hsm: Keystore, app: ClientApp, { lookup, ...account }: IdentityRow): Promise<void> {
  const isOurs =
    account.appId === app.id && (await isStamped(hsm, account, { ...identityOf(lookup), stamp: account.stamp }))
  if (!isOurs) throw new Error('the account of a login is not the one that we wrote')
}

function wishOf({ method, token, nonce, codeVerifier, redirectUri }: z.output<typeof LoginRequest>): LoginWish {
  return {
    method,
    token: new Secret(toUtf8(token)),
    ...(nonce && { nonce }),
    ...(codeVerifier !== undefined && { codeVerifier: new Secret(toUtf8(codeVerifier)) }),
    ...(redirectUri !== undefined && { redirectUri }),
  }
}

/** The account that a login opens; one that was closed is none. */
export async function accountOf(deps: LoginDeps, arrival: Arrival, request: z.output<typeof LoginRequest>) {
  const caller = await nameCaller(deps, arrival, request)
  if (caller instanceof Refusal) return caller
  const { account, login } = caller
  return account && account.state !== 'closed' ? { account, login } : pleaseSignUp()
}

export const identityOf = (lookup: Uint8Array) => ({ kind: 'identity' as const, name: toHex(lookup), facts: [] })

/** At least one: `Retry-After: 0` would invite the next try at once. */
export const secondsTo = (until: Date): number => Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000))

export async function takeRequest(requests: Limiter, name: string): Promise<Refusal<'too-many-requests'> | undefined> {
  const until = await requests.take(name)
  return until && tooManyRequests({ retryAfter: secondsTo(until) })
}

/** Who uses a token of ours: a key of an account, or who waits with one request. */
export type TokenUser =
  { readonly accountId: string; readonly keyId: string } | { readonly accountId: string; readonly requestId: string }

/** `stop`: what calls off or denies. It is never spent by what was asked before. */
export type Bucket = 'usual' | 'stop'

/** By caller and never by account: whoever has a login, or one phone, would use up what the other devices need to stop it. */
export const takeOf = (requests: Limiter, user: TokenUser, bucket: Bucket = 'usual') =>
  takeRequest(requests, `${'keyId' in user ? `${user.accountId}/${user.keyId}` : `2fa:${user.requestId}`} ${bucket}`)
