import type { RandomSource } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { accountOf, type LoginDeps } from '../accounts/caller.ts'
import { chainOf, type ChainDeps } from '../accounts/chain-of.ts'
import { isGenuineKey, type KeyRow, passkeyOf } from '../accounts/key-row.ts'
import { findKey } from '../accounts/keys-store.ts'
import { timestamp } from '../accounts/views.ts'
import type { Policies } from '../policies.ts'
import { keyBytes } from '../public-key.ts'
import { forbidden, pleaseRegisterKey } from '../refusals.ts'
import { ChainName } from '../shapes.ts'
import { drawChallenge } from './challenge-data.ts'
import { beginSignIn, type ChallengeType } from './contract.ts'
import type { RecoveryDoor } from './recovery-door.ts'
import { issueChallenge } from './store.ts'

export interface BeginDeps extends LoginDeps, ChainDeps {
  readonly policies: Policies
  readonly recovery: RecoveryDoor
  readonly random: RandomSource
}

const kinds: Readonly<Record<ChallengeType, KeyRow['kind']>> = {
  deviceKey: 'device',
  passKey: 'passkey',
  recoveryKey: 'cloud',
}

/** Whether a key answers challenges of a type: one that is not seen on a chain, or was revoked, answers none. */
export const answers = (key: KeyRow, type: ChallengeType): boolean => key.state === 'active' && key.kind === kinds[type]

/** A passkey’s id is told to who proved the login and named its key; a bare key is found by the authenticator itself. */
const allowedBy = (key: KeyRow) => {
  const { credentialId: id } = passkeyOf(key)
  return id === undefined ? {} : { allowCredentials: [{ type: 'public-key' as const, id }] }
}

export const begin = implement<BeginDeps>()(beginSignIn, async ({ proof: app, body, ip }, deps) => {
  const { database, hsm, policies, recovery, random } = deps
  const { challengeType: type, request, publicKey } = body
  const chain = chainOf(deps, request.chainName)
  if (chain instanceof Refusal) return chain
  const caller = await accountOf(deps, { app, ip }, request)
  if (caller instanceof Refusal) return caller
  const { account } = caller
  const key = await findKey(database.reading, { accountId: account.id, publicKey: keyBytes(publicKey) })
  if (!key || !answers(key, type) || !(await isGenuineKey(hsm, account, key))) return pleaseRegisterKey()
  if (type === 'recoveryKey' && !(await recovery.isOpen(account))) return forbidden()
  const { data, digest } = drawChallenge(random)
  const place = {
    digest,
    accountId: account.id,
    keyId: key.id,
    appId: app.id,
    type,
    chainName: ChainName.parse(chain.name),
  }
  const bounds = { lifetime: policies.challengeLifetime, live: policies.liveChallenges }
  const endsAt = await issueChallenge(database, place, bounds)
  return reply(200, { challengeData: data, expiresAt: timestamp(endsAt), ...allowedBy(key) })
})
