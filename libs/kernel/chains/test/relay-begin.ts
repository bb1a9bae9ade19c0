import type { EvmNodeOptions } from '@strongroom/evm-node'
import { onTestFinished } from 'vitest'
import type { EvmChain } from '../src/evm/evm-chain.ts'
import { ETHER, evmWorld } from './evm-world.ts'
import { relayWorld } from './relay-world.ts'
import { openRoad } from './rpc-road.ts'

export const byHand: EvmNodeOptions = { mining: 'by-hand' }

/** A chain with a road to it that breaks at will, a database, and a relayer that has money. */
export async function begin(options: EvmNodeOptions = {}, wish: Record<string, unknown> = {}) {
  const [evm, world] = await Promise.all([evmWorld(options), relayWorld()])
  const road = await openRoad(evm.node.url)
  onTestFinished(async () => {
    await Promise.all([evm, world, road].map((one) => one[Symbol.asyncDispose]()))
  })
  // By hand nothing is stuck before a test says so: on a slow machine a second passes between two looks.
  const stuckSeconds = options.mining === 'by-hand' ? 30 : 1
  const chain = evm.chain({ rpcUrl: road.url, stuckSeconds, ...wish })
  const relayer = await world.relayerOf(chain)
  await evm.node.fund(relayer.address, 100n * ETHER)
  return {
    evm,
    world,
    road,
    chain,
    relayer,
    /** So many blocks, and a look. */
    pass: async (blocks = 1) => {
      await evm.node.mine(blocks)
      await world.look(chain)
    },
    states: (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await world.read(id)).state)),
    deployed: (id: string) => chain.deployedAddress(world.database, id),
    stands: async (one: EvmChain, address: string | undefined) =>
      (await one.readAccount(address ?? ''))?.isGenuine === true,
  }
}
export type Begun = Awaited<ReturnType<typeof begin>>
