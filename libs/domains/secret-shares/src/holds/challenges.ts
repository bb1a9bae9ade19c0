import { implement, reply } from '@strongroom/http'
import { type ChallengeDeps as IssueDeps, issueChallenges } from '@strongroom/proofs'
import type { Policies } from '../policies.ts'
import { getChallenges, healthCheck } from './contract.ts'

/** What challenges of DIDs are for; the prover looks for them under this name. */
export const DID_CHALLENGE = 'did-auth'

export interface ChallengeDeps extends IssueDeps {
  readonly policies: Policies
}

export const challenge = implement<ChallengeDeps>()(
  getChallenges,
  async ({ proof: { did: subject }, query: { amount } }, deps) => {
    const { lifetime } = deps.policies.challenges
    return reply(200, await issueChallenges(deps, { subject, purpose: DID_CHALLENGE, lifetime, amount }))
  },
)

export const health = implement()(healthCheck, async () => reply(200, 'OK'))
