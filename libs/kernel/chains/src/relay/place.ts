import type { Database } from '@strongroom/storage'
import type { ChainName } from '../chain.ts'
import type { Head, Node } from '../evm/node.ts'
import type { EvmSetting } from '../evm/settings.ts'
import type { GasKey } from './gas-key.ts'
import type { Market } from './price.ts'
import type { Relayer } from './relayer.ts'

/** A chain, as its relay sees it. */
export interface RelayedChain {
  readonly name: ChainName
  readonly setting: EvmSetting
  readonly node: Node
  /** @throws ChainUnavailable where the contracts that accounts rest on do not stand. */
  assertContracts(): Promise<void>
}

/** All that a round works with. */
export interface Place {
  readonly database: Database
  readonly chain: RelayedChain
  readonly relayer: Relayer
  readonly key: GasKey
}

/** What a round saw when it began. */
export interface Sight {
  readonly head: Head
  /** Transactions of the relayer that are in blocks. */
  readonly count: number
  readonly market: Market
}

export async function look({ chain: { node, setting }, relayer }: Place): Promise<Sight> {
  const [head, count, tip] = await Promise.all([node.head(), node.countOf(relayer.address, 'latest'), node.tip()])
  return { head, count, market: { baseFee: head.baseFee, tip, ceiling: setting.maxGasPriceWei } }
}
