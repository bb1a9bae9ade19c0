import { implement, type Limiter, Refusal, reply } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import { takeOf } from '../accounts/caller.ts'
import { chainOf, type ChainDeps } from '../accounts/chain-of.ts'
import { canStandOn, drawDeployment, queueDeployment } from '../accounts/deploy.ts'
import { isGenuineKey } from '../accounts/key-row.ts'
import { findKeys } from '../accounts/keys-store.ts'
import type { Keystore } from '@strongroom/hsm'
import { findAccount } from '../accounts/store.ts'
import { accountView } from '../accounts/views.ts'
import type { Policies } from '../policies.ts'
import { invalidRequest, notFound } from '../refusals.ts'
import { deployElsewhere } from './contract.ts'

export interface DeployDeps extends ChainDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  readonly requests: Limiter
}

/** With the keys that count now; once more changes nothing. */
export const deploy = implement<DeployDeps>()(deployElsewhere, async ({ proof, body }, deps) => {
  const { database, hsm } = deps
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  const chain = chainOf(deps, body.chainName)
  if (chain instanceof Refusal) return chain
  const account = await findAccount(database.reading, proof.accountId)
  if (!account) return notFound()
  if (account.state !== 'active') return invalidRequest()
  const keys = (await findKeys(database.reading, account.id)).filter(({ state }) => state === 'active')
  const judged = await Promise.all(keys.map((key) => isGenuineKey(hsm, account, key)))
  if (judged.includes(false)) throw new Error('a key of the account is not as we wrote it')
  if (!canStandOn(chain, keys)) return invalidRequest()
  const drawn = await drawDeployment(deps, account, { chain, keys })
  // A second asking keeps nothing of its own: what it queued goes with it.
  await database.transaction(async (tx) =>
    (await queueDeployment(tx, { chain, appId: account.appId }, drawn)) ? undefined : invalidRequest(),
  )
  return reply(202, { account: await accountView(deps, account) })
})
