import type { Chain, ChainName, Chains } from '@strongroom/chains'
import type { Refusal } from '@strongroom/http'
import { unsupportedChain } from '../refusals.ts'

export interface ChainDeps {
  readonly chains: Chains
  /** For requests that name none. */
  readonly defaultChain: ChainName
}

/** The chain that a request names. */
export const chainOf = (
  { chains, defaultChain }: ChainDeps,
  name: ChainName = defaultChain,
): Chain | Refusal<'unsupported-chain'> => chains.get(name) ?? unsupportedChain()
