import { Refusal, implement, reply } from '@strongroom/http'
import { genuineAddresses } from '../accounts/addresses.ts'
import { type AddressRow, findAddresses } from '../accounts/addresses-store.ts'
import { type LoginDeps, nameCaller } from '../accounts/caller.ts'
import { chainOf, type ChainDeps } from '../accounts/chain-of.ts'
import { canStandOn } from '../accounts/deploy.ts'
import { isGenuineKey } from '../accounts/key-row.ts'
import { findKey } from '../accounts/keys-store.ts'
import { isOneKey } from '../accounts/new-key.ts'
import type { Sessions } from '../accounts/sessions.ts'
import { type AccountRow, isFresh } from '../accounts/store.ts'
import { accountAt, accountView, transactionView } from '../accounts/views.ts'
import type { MakingDeps } from '../passkeys/judge-making.ts'
import { isToldAlike } from '../passkeys/waiting-key.ts'
import type { Policies } from '../policies.ts'
import { keyBytes, keyHex } from '../public-key.ts'
import { alreadySignedUp, invalidRequest } from '../refusals.ts'
import type { UserKey } from '../shapes.ts'
import { signUp } from './contract.ts'
import { type Opened, openAccount } from './open-account.ts'
import type { Turns } from './turns.ts'

export interface SignUpDeps extends LoginDeps, ChainDeps, MakingDeps {
  readonly policies: Policies
  readonly sessions: Sessions
  readonly newId: () => string
  /** Of sign-ups, each of which keeps database and token busy for some milliseconds. */
  readonly turns: Turns
}

export const register = implement<SignUpDeps>()(signUp, async ({ proof: app, body, ip }, deps) => {
  const { userKey: key } = body
  const chain = chainOf(deps, body.chainName)
  if (chain instanceof Refusal) return chain
  if (!isOneKey(key) || !canStandOn(chain, [{ kind: key.type }])) return invalidRequest()
  const caller = await nameCaller(deps, { app, ip }, body)
  if (caller instanceof Refusal) return caller
  const { account } = caller
  // The provider was asked before: one that is slow holds up no turn.
  return deps.turns.take(async () => {
    const opened = account ?? (await openAccount(deps, { app, chain, caller, key }))
    if (opened instanceof Refusal) return opened
    return 'keyId' in opened ? answerNew(deps, opened, key) : answerAgain(deps, opened, key)
  })
})

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

/** What was written a moment ago is not looked for. Nothing of it was sent before it was kept. */
async function answerNew(deps: SignUpDeps, { account, keyId, drawn }: Opened, { publicKey }: UserKey) {
  const { id: accountId, appId, createdAt: now } = account
  const credentials = await deps.sessions.open({ accountId, appId, keyId, publicKey: keyBytes(publicKey), now })
  const view = accountAt(deps, account, [{ ...drawn, state: 'pending' }])
  return reply(201, { account: view, credentials, transaction: null })
}

/** Of an account that is not standing yet its first key is answered again: the first answer may have been lost. */
async function answerAgain(deps: SignUpDeps, account: AccountRow, key: UserKey) {
  const { database, hsm, sessions } = deps
  const publicKey = keyBytes(key.publicKey)
  const [known, addresses] = await Promise.all([
    findKey(database.reading, { accountId: account.id, publicKey }),
    findAddresses(database.reading, account.id),
  ])
  const isSame = known?.state === 'active' && known.kind === key.type && isToldAlike(known, key)
  if (!isSame || !(await mayAskAgain(deps, account, addresses))) return alreadySignedUp()
  if (!(await isGenuineKey(hsm, account, known))) throw new Error(`the key ${keyHex(publicKey)} is not as we wrote it`)
  const [address] = addresses
  const credentials = await sessions.open({ accountId: account.id, appId: account.appId, keyId: known.id, publicKey })
  return reply(201, {
    account: await accountView(deps, account),
    credentials,
    transaction: address ? await transactionView(deps, address) : null,
  })
}
