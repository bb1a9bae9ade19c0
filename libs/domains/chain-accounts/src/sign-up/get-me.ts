import { implement, type Limiter, reply } from '@strongroom/http'
import { takeOf } from '../accounts/caller.ts'
import { findAccount } from '../accounts/store.ts'
import { accountView, type ViewDeps } from '../accounts/views.ts'
import { notFound } from '../refusals.ts'
import { getMe } from './contract.ts'

export interface CallerDeps extends ViewDeps {
  /** Requests of one login or account. */
  readonly requests: Limiter
}

export const me = implement<CallerDeps>()(getMe, async ({ proof }, deps) => {
  const { accountId } = proof
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  const account = await findAccount(deps.database.reading, accountId)
  return account ? reply(200, { account: await accountView(deps, account) }) : notFound()
})
