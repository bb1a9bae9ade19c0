import { recordEvent } from '@strongroom/audit'
import { Refusal, implement, reply } from '@strongroom/http'
import { identityOf, type Known, type LoginDeps, nameCaller } from '../accounts/caller.ts'
import { chainOf, type ChainDeps } from '../accounts/chain-of.ts'
import { canStandOn, drawDeployment, queueDeployment } from '../accounts/deploy.ts'
import { accountSignedUp } from '../accounts/events.ts'
import { isGenuineKey } from '../accounts/key-row.ts'
import { findKey, insertKey } from '../accounts/keys-store.ts'
import { bindProfile, sealJson, stampOf } from '../accounts/names.ts'
import { drawUserKey, isOneKey } from '../accounts/new-key.ts'
import { drawServerKey } from '../accounts/server-key.ts'
import type { Sessions } from '../accounts/sessions.ts'
import {
  type AccountRow,
  findAccount,
  findIdentity,
  insertAccount,
  insertIdentity,
  isFresh,
} from '../accounts/store.ts'
import { genuineAddresses } from '../accounts/addresses.ts'
import { type AddressRow, findAddresses } from '../accounts/addresses-store.ts'
import type { ClientApp } from '../apps/contract.ts'
import type { Chain } from '@strongroom/chains'
import type { Policies } from '../policies.ts'
import { keyBytes, keyHex } from '../public-key.ts'
import { alreadySignedUp, invalidRequest } from '../refusals.ts'
import type { UserKey } from '../shapes.ts'
import { accountView, transactionView } from '../accounts/views.ts'
import { signUp } from './contract.ts'

export interface SignUpDeps extends LoginDeps, ChainDeps {
  readonly policies: Policies
  readonly sessions: Sessions
  readonly newId: () => string
}

export const register = implement<SignUpDeps>()(signUp, async ({ proof: app, body, ip }, deps) => {
  const { userKey: key } = body
  const chain = chainOf(deps, body.chainName)
  if (chain instanceof Refusal) return chain
  if (!isOneKey(key) || !canStandOn(chain, [{ kind: key.type }])) return invalidRequest()
  const caller = await nameCaller(deps, { app, ip }, body)
  if (caller instanceof Refusal) return caller
  if (caller.account) return answer(deps, { account: caller.account, known: 'before' }, key)
  return answer(deps, await open(deps, { app, chain, caller, key }), key)
})

interface Opening {
  readonly app: ClientApp
  readonly chain: Chain
  readonly caller: Known
  readonly key: UserKey
}

/** `new`: by this very request. A worker may have had it stand before this one reads it back. */
interface Opened {
  readonly account: AccountRow
  readonly known: 'before' | 'new'
}

/** A new account: its login, its first key, ours, and its deployment, or none of them. */
async function open(deps: SignUpDeps, { app, chain, caller, key }: Opening): Promise<Opened> {
  const { database, hsm, newId } = deps
  const { login, lookup } = caller
  const owner = { id: newId(), appId: app.id }
  const profile = { subject: login.subject, email: login.email ?? null, emailVerified: login.emailVerified }
  const [ours, theirs, sealed, stamp] = await Promise.all([
    drawServerKey(hsm, owner, newId()),
    drawUserKey(hsm, owner, { id: newId(), state: 'active', key }),
    sealJson(hsm, bindProfile(owner, lookup), profile),
    stampOf(hsm, owner, identityOf(lookup)),
  ])
  const drawn = await drawDeployment(deps, owner, { chain, keys: [ours, theirs] })
  const { provider } = login
  const opened = await database.transaction(async (tx) => {
    await insertAccount(tx, owner)
    // Another request of the same login came first: nothing of this one is kept.
    if (!(await insertIdentity(tx, { lookup, accountId: owner.id, stamp, provider, profile: sealed })))
      return alreadySignedUp()
    for (const one of [ours, theirs]) await insertKey(tx, one)
    await queueDeployment(tx, { chain, appId: app.id }, drawn)
    await recordEvent(tx, accountSignedUp, { subject: owner.id, detail: { chain: chain.name, provider } })
    return undefined
  })
  const account = opened ? await findIdentity(database, lookup) : await findAccount(database, owner.id)
  if (!account) throw new Error('an account was neither opened nor found')
  return { account, known: opened ? 'before' : 'new' }
}

/**
 * For some minutes, and before the account stands anywhere as we stamped it: what is asked for names a public key, which
 * whoever sees the deployment knows. Afterwards the key itself is asked to sign.
 */
async function mayAskAgain(
  { database, hsm, policies }: SignUpDeps,
  account: AccountRow,
  addresses: readonly AddressRow[],
): Promise<boolean> {
  if (account.state !== 'pending' || addresses.length === 0) return false
  const genuine = await genuineAddresses(hsm, account, addresses)
  const isWaiting = genuine.length === addresses.length && genuine.every(({ state }) => state === 'pending')
  return isWaiting && isFresh(database, { id: account.id, seconds: policies.signUpAgain })
}

/** Of an account that is not standing yet its first key is answered again: the first answer may have been lost. */
async function answer(deps: SignUpDeps, { account, known: since }: Opened, key: UserKey) {
  const { database, hsm, sessions } = deps
  const publicKey = keyBytes(key.publicKey)
  const known = await findKey(database, { accountId: account.id, publicKey })
  const addresses = await findAddresses(database, account.id)
  const isAnswered = since === 'new' ? account.state !== 'closed' : await mayAskAgain(deps, account, addresses)
  if (!isAnswered || known?.state !== 'active' || known.kind !== key.type) return alreadySignedUp()
  if (!(await isGenuineKey(hsm, account, known))) throw new Error(`the key ${keyHex(publicKey)} is not as we wrote it`)
  const [address] = addresses
  const credentials = await sessions.open({ accountId: account.id, appId: account.appId, keyId: known.id, publicKey })
  return reply(201, {
    account: await accountView(deps, account),
    credentials,
    transaction: address ? await transactionView(deps, address) : null,
  })
}
