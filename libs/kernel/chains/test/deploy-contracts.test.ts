import { startEvmNode } from '@strongroom/evm-node'
import { expect, onTestFinished, test } from 'vitest'
import { findForeignContracts } from '../src/evm/check-contracts.ts'
import { evmChain } from '../src/evm/evm-chain.ts'
import { CREATE2_DEPLOYER, usualContracts } from '../src/evm/usual-contracts.ts'
import { deployByRelayer } from '../src/relay/deploy-by-relayer.ts'
import { ETHER, settingOf } from './evm-world.ts'
import { relayWorld } from './relay-world.ts'

/** A chain on which nothing of ours stands yet. */
async function emptyChain() {
  const [node, world] = await Promise.all([startEvmNode({ mining: 'by-hand' }), relayWorld()])
  onTestFinished(async () => {
    await Promise.all([node.close(), world[Symbol.asyncDispose]()])
  })
  const chain = evmChain('local', settingOf(node))
  const deploy = () => deployByRelayer(world.options, chain.relayed, () => node.mine())
  return { node, world, chain, deploy, relayer: await world.relayerOf(chain) }
}

test('the relayer deploys the contracts where every chain has them, once, and then goes on as a relayer', async () => {
  const { node, world, chain, deploy, relayer } = await emptyChain()
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ code: 'other_contracts' })
  await expect(deploy()).rejects.toMatchObject({ name: 'ChainUnavailable', code: 'deployer_out_of_funds' })
  await node.fund(relayer.address, ETHER)
  expect(await deploy()).toEqual(usualContracts())
  expect(await findForeignContracts(chain.relayed.node, usualContracts())).toEqual([])
  const count = await chain.relayed.node.countOf(relayer.address, 'latest')
  expect(count).toBe(4)
  await deploy()
  expect(await chain.relayed.node.countOf(relayer.address, 'latest')).toBe(count)

  await world.look(chain)
  await expect(deploy()).rejects.toThrow('are out')
  await node.mine()
  await world.look(chain)
  expect(await world.read(id)).toMatchObject({ state: 'succeeded', nonce: count })
})

test('a chain without the deployer that makes addresses the same everywhere is refused by name', async () => {
  const { node, deploy } = await emptyChain()
  await node.ask('anvil_setCode', CREATE2_DEPLOYER, '0x')
  await expect(deploy()).rejects.toThrow(CREATE2_DEPLOYER)
})
