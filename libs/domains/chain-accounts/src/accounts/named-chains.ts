import { type Chain, type Chains, ChainUnavailable } from '@strongroom/chains'
import { chainUnavailable } from '../refusals.ts'

/** The same chains, whose outages callers are told by name: `ChainUnavailable`, not one of ours. */
export const namedChains = (chains: Chains): Chains => ({
  names: chains.names,
  get(name) {
    const chain = chains.get(name)
    return chain && new Proxy(chain, { get: (target, member: keyof Chain) => named(target, member) })
  },
})

function named(chain: Chain, member: keyof Chain): unknown {
  const found: unknown = chain[member]
  if (typeof found !== 'function') return found
  return (...given: unknown[]): unknown => {
    const answer: unknown = found.apply(chain, given)
    return answer instanceof Promise ? answer.catch(nameOutage) : answer
  }
}

function nameOutage(error: unknown): never {
  throw error instanceof ChainUnavailable ? Object.assign(error, { refusal: chainUnavailable() }) : error
}
