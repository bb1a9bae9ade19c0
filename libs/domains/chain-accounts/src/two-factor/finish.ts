import type { Chain } from '@strongroom/chains'
import { implement, Refusal, reply } from '@strongroom/http'
import { takeOf } from '../accounts/caller.ts'
import { chainOf } from '../accounts/chain-of.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import type { Sessions } from '../accounts/sessions.ts'
import { type AccountRow, findAccount } from '../accounts/store.ts'
import { accountView, transactionView } from '../accounts/views.ts'
import { invalidRequest, notFound, pleaseDeploy } from '../refusals.ts'
import type { TwoFactorDeps } from './begin.ts'
import { finishTwoFactor } from './contract.ts'
import { mayAnswer } from './destination.ts'
import { notApprovedAs, readAsked } from './request.ts'
import { isSignerOf, standingOn } from './standing.ts'
import { findRequest, finishRequest } from './store.ts'

export interface FinishDeps extends TwoFactorDeps {
  readonly sessions: Sessions
}

/** Once: the request is over before the tokens are made, so a crash between costs a sign-in by challenge. */
export const finish = implement<FinishDeps>()(finishTwoFactor, async ({ proof, body }, deps) => {
  const { database, sessions } = deps
  const { accountId, requestId } = proof
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  if (body.twoFactorAuthRequestId !== requestId) return notFound()
  const row = await findRequest(database, { id: requestId, accountId })
  const account = await findAccount(database.reading, accountId)
  if (!row || !account) return notFound()
  const asked = await readAsked(deps, account, row)
  if (!asked) return notFound()
  const { source } = asked
  if (row.state !== 'approved') return notApprovedAs(row.state)
  const chain = chainOf(deps, row.chainName)
  if (chain instanceof Refusal) return pleaseDeploy()
  const standing = await recheck(deps, account, { chain, source })
  if (standing instanceof Refusal) return standing
  if (!(await finishRequest(database, requestId))) return invalidRequest()
  const { id: keyId, publicKey } = source
  const credentials = await sessions.open({ accountId, appId: account.appId, keyId, publicKey })
  return reply(200, {
    account: await accountView(deps, account),
    credentials,
    transaction: await transactionView(deps, standing.row),
  })
})

/** The key may have been taken away again since it was approved. */
async function recheck(
  deps: FinishDeps,
  account: AccountRow,
  { chain, source }: { readonly chain: Chain; readonly source: KeyRow },
) {
  const standing = await standingOn(deps, account, chain)
  if (standing instanceof Refusal) return standing
  const counts = (await mayAnswer(deps.hsm, account, source)) && (await isSignerOf(standing, source, deps.policies))
  return counts ? standing : invalidRequest()
}
