import { implement, type Limiter, reply } from '@strongroom/http'
import { issueChallenges } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { tooManyRequests } from '../accounts/contract.ts'
import type { Policies } from '../policies.ts'
import { getChallenges, healthCheck } from './contract.ts'

/** What challenges of DIDs are for; the prover looks for them under this name. */
export const DID_CHALLENGE = 'did-auth'

export interface ChallengeDeps {
  readonly database: Database
  readonly policies: Policies
  /** By address: whoever captured a presentation could push out what its owner was given. */
  readonly challengeRequests: Limiter
}

export const challenge = implement<ChallengeDeps>()(
  getChallenges,
  async ({ proof: { did }, query: { amount }, ip }, { database, policies, challengeRequests }) => {
    if (await challengeRequests.take(ip)) return tooManyRequests()
    const { lifetime, live } = policies.challenges
    const wish = { subject: did, purpose: DID_CHALLENGE, lifetime, most: live }
    return reply(200, [...(await issueChallenges(database, wish, amount))])
  },
)

export const health = implement()(healthCheck, async () => reply(200, 'OK'))
