import { recordEvent } from '@strongroom/audit'
import { fromUtf8, Secret, toHex, toUtf8 } from '@strongroom/crypto'
import { implement, type Limiter, Refusal, reply } from '@strongroom/http'
import type { Binding } from '@strongroom/hsm'
import { takeRequest } from '../accounts/caller.ts'
import { isGenuineKey } from '../accounts/key-row.ts'
import { bindTo } from '../accounts/names.ts'
import { invalidToken, refreshTokenReused } from '../refusals.ts'
import type { Credentials } from '../shapes.ts'
import type { Claims } from './claims.ts'
import { refreshTokens } from './contract.ts'
import { refreshReused } from './events.ts'
import { digestOf, mint, readToken } from './mint.ts'
import { mintBoth, type TokenDeps } from './open-tokens.ts'
import { judgeRefresh } from './rules.ts'
import { endFamily, findRefresh, insertSuccessor, type RefreshRow, useRefresh } from './store.ts'
import { thumbprintOf } from './token-keys.ts'

export interface RefreshDeps extends TokenDeps {
  /** Requests of one login or account. */
  readonly requests: Limiter
}

export const refresh = implement<RefreshDeps>()(refreshTokens, async ({ proof: app, body }, deps) => {
  const claims = await readToken(deps.tokens, 'refresh', body.refreshToken)
  if (claims?.aud !== app.id) return invalidToken()
  const limited = await takeRequest(deps.requests, `${claims.sub}/${claims.key}`)
  if (limited) return limited
  // Of two who bring it at once one is later, and looks again at what the other has left.
  const credentials = (await follow(deps, claims)) ?? (await follow(deps, claims)) ?? invalidToken()
  return credentials instanceof Refusal ? credentials : reply(200, { credentials })
})

type Followed = Credentials | ReturnType<typeof invalidToken> | ReturnType<typeof refreshTokenReused>

/** `undefined`: another request used it in between. */
async function follow(deps: RefreshDeps, claims: Claims<'refresh'>): Promise<Followed | undefined> {
  const { database, hsm, policies } = deps
  const digest = digestOf(claims)
  const row = await findRefresh(database, claims, digest)
  if (row === undefined) return invalidToken()
  const verdict = judgeRefresh({ ...row, hasSuccessor: row.successor !== null }, policies.reuseGrace)
  if (verdict === 'reused') return endReused(deps, claims, row)
  if (verdict === 'refused') return invalidToken()
  const owner = { id: claims.sub, appId: claims.aud }
  const fits = thumbprintOf(row.publicKey) === claims.key && (await isGenuineKey(hsm, owner, row))
  if (!fits) return invalidToken()
  return verdict === 'again' ? answerAgain(deps, claims, row) : rotate(deps, claims, row)
}

async function rotate(
  deps: RefreshDeps,
  claims: Claims<'refresh'>,
  { now }: RefreshRow,
): Promise<Credentials | undefined> {
  const { database, hsm } = deps
  const digest = digestOf(claims)
  const { sub, aud, sid, key } = claims
  const { access, refresh: next } = await mintBoth(deps, { sub, aud, sid, key }, now)
  const successor = await hsm.seal(new Secret(toUtf8(next.token)), bindSuccessor(claims))
  const isFirst = await database.transaction(async (tx) => {
    if (!(await useRefresh(tx, { digest, successor }))) return false
    await insertSuccessor(tx, { ...next, follows: digest })
    return true
  })
  return isFirst ? { accessToken: access.token, refreshToken: next.token } : undefined
}

/** The same refresh token again, so that the sign-in has one line of them and not two. */
async function answerAgain(
  { hsm, policies, tokens }: RefreshDeps,
  claims: Claims<'refresh'>,
  { now, successor }: RefreshRow,
): Promise<Credentials> {
  const opened = await hsm.open(successor ?? new Uint8Array(), bindSuccessor(claims))
  const { sub, aud, sid, key } = claims
  const said = { sub, aud, sid, key }
  const { token } = await mint(tokens, 'access', { said, now, lifetime: policies.accessLifetime })
  return { accessToken: token, refreshToken: fromUtf8(opened.expose()) }
}

async function endReused({ database }: RefreshDeps, { sid, sub, key }: Claims<'refresh'>, { ended }: RefreshRow) {
  if (ended === null) {
    await database.transaction(async (tx) => {
      if (await endFamily(tx, sid)) await recordEvent(tx, refreshReused, { subject: sub, detail: { key } })
    })
  }
  return refreshTokenReused()
}

const bindSuccessor = (claims: Claims<'refresh'>): Binding =>
  bindTo(
    { id: claims.sub, appId: claims.aud },
    { table: 'refresh_tokens', row: toHex(digestOf(claims)), purpose: 'successor' },
  )
