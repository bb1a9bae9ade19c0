import { setTimeout as delay } from 'node:timers/promises'
import { type EvmNode, type EvmNodeOptions, startEvmNode } from '@strongroom/evm-node'
import { bytesToHex, type Hex } from 'viem'
import type { ChainName } from '../src/chain.ts'
import { usualContracts } from '../src/evm/usual-contracts.ts'
import { evmChain } from '../src/evm/evm-chain.ts'
import { openNode } from '../src/evm/node.ts'
import { evmSetting } from '../src/evm/settings.ts'
import { signTransaction } from '../src/relay/gas-key.ts'
import { deployForDevelopment } from '../src/testing.ts'
import { gasKey } from './keys.ts'

const ETHER = 10n ** 18n

/** Patience of tests that wait for another try. */
export const soon = { timeout: 60_000, interval: 50 }

/** A chain of its own with our contracts; a test sets what it wants otherwise. */
export async function evmWorld(options: EvmNodeOptions = {}) {
  const node = await startEvmNode(options)
  const deployer = gasKey()
  await node.fund(deployer.address, 1000n * ETHER)
  const { mining = 'at-once' } = options
  await deployForDevelopment(node, () => (mining === 'by-hand' ? node.mine() : delay(10)))
  const rpc = openNode({ rpcUrl: node.url, chainId: node.chainId })
  return {
    node,
    rpc,
    /** Somebody’s transaction; whether it succeeded. */
    async send(to: Hex, data: Hex, gas = 3_000_000n): Promise<boolean> {
      const nonce = await rpc.countOf(deployer.address, 'latest')
      const price = { maxFee: 10n ** 11n, maxTip: 10n ** 9n }
      const unsigned = { chainId: node.chainId, nonce, to, data, gas, ...price }
      const { bytes, hash } = await signTransaction(unsigned, deployer.key, deployer.address)
      await rpc.send(bytesToHex(bytes))
      if (mining === 'by-hand') await node.mine()
      for (;;) {
        const receipt = await rpc.receiptOf(bytesToHex(hash))
        if (receipt) return receipt.succeeded
        await delay(5)
      }
    },
    chain: (wish: Record<string, unknown> = {}, name: ChainName = 'local') => evmChain(name, settingOf(node, wish)),
    [Symbol.asyncDispose]: () => node.close(),
  }
}
export type EvmWorld = Awaited<ReturnType<typeof evmWorld>>

export const settingOf = (node: Pick<EvmNode, 'url' | 'chainId'>, wish: Record<string, unknown> = {}) =>
  evmSetting.parse({
    rpcUrl: node.url,
    chainId: node.chainId,
    ...usualContracts(),
    confirmations: 1,
    gasBudgetWei: String(1000n * ETHER),
    explorerUrl: 'https://explorer.example/tx/',
    pollSeconds: 0.1,
    resendSeconds: 0.5,
    stuckSeconds: 1,
    ...wish,
  })

export { ETHER }
