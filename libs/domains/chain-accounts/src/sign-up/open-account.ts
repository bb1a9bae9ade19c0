import type { Chain } from '@strongroom/chains'
import { Refusal } from '@strongroom/http'
import { assertOurs, identityOf, type Known } from '../accounts/caller.ts'
import { type DrawnDeployment, drawDeployment, queueDeployment } from '../accounts/deploy.ts'
import { insertKey } from '../accounts/keys-store.ts'
import { bindProfile, sealJson, stampOf } from '../accounts/names.ts'
import { drawUserKey } from '../accounts/new-key.ts'
import { drawServerKey } from '../accounts/server-key.ts'
import { type AccountRow, findIdentity } from '../accounts/store.ts'
import type { ClientApp } from '../apps/contract.ts'
import { judgeMaking } from '../passkeys/judge-making.ts'
import { alreadySignedUp, invalidRequest } from '../refusals.ts'
import type { UserKey } from '../shapes.ts'
import type { SignUpDeps } from './sign-up.ts'
import { insertAccount } from './store.ts'

export interface Opening {
  readonly app: ClientApp
  readonly chain: Chain
  readonly caller: Known
  readonly key: UserKey
}

/** By this very request, with this first key. */
export interface Opened {
  readonly account: AccountRow
  readonly keyId: string
  readonly drawn: DrawnDeployment
}

/**
 * A new account: its login, its first key, ours, and its deployment, or none of them. Where the same login was signed up a
 * moment ago, that account.
 */
export async function openAccount(deps: SignUpDeps, { app, chain, caller, key }: Opening) {
  const { database, hsm, newId } = deps
  const { login, lookup } = caller
  const credential = await judgeMaking(deps, { appId: app.id, accountId: undefined }, key)
  if (credential instanceof Refusal) return credential
  const owner = { id: newId(), appId: app.id }
  const facts = { subject: login.subject, email: login.email ?? null, emailVerified: login.emailVerified }
  const [ours, theirs, profile, stamp] = await Promise.all([
    drawServerKey(hsm, owner, newId()),
    drawUserKey(hsm, owner, { id: newId(), state: 'active', key, ...(credential && { credential }) }),
    sealJson(hsm, bindProfile(owner, lookup), facts),
    stampOf(hsm, owner, identityOf(lookup)),
  ])
  const drawn = await drawDeployment(deps, owner, { chain, keys: [ours, theirs] })
  const opened = await database.transaction(async (tx) => {
    const row = { ...owner, chain: chain.name, lookup, stamp, provider: login.provider, profile }
    const account = await insertAccount(tx, row)
    if (!account) return alreadySignedUp()
    // Another key of the app was told the same credential id a moment ago.
    for (const one of [ours, theirs]) if (!(await insertKey(tx, one))) return invalidRequest()
    await queueDeployment(tx, { chain, appId: app.id }, drawn)
    const made: Opened = { account, keyId: theirs.id, drawn }
    return made
  })
  if (!(opened instanceof Refusal) || opened.kind === 'invalid-request') return opened
  const before = await findIdentity(database, lookup)
  if (!before) throw new Error('an account was neither opened nor found')
  await assertOurs(hsm, app, before)
  return before
}
