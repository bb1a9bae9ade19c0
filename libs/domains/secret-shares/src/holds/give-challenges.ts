import { implement, reply } from '@strongroom/http'
import type { Policies } from '../policies.ts'
import { type ChallengeDeps, issueChallenges } from './challenges.ts'
import { getChallenges, healthCheck } from './contract.ts'

export const challenge = implement<ChallengeDeps & { policies: Policies }>()(
  getChallenges,
  async ({ proof: { did }, query: { amount } }, deps) => {
    const { lifetime } = deps.policies.challenges
    return reply(200, await issueChallenges(deps, { did, lifetime, amount }))
  },
)

export const health = implement()(healthCheck, async () => reply(200, 'OK'))
