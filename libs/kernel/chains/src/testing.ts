/** For development worlds and tests: what makes an empty node of one’s own a chain that accounts can stand on. */
import { setTimeout as delay } from 'node:timers/promises'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Hex } from 'viem'
import { deployContracts } from './evm/deploy-contracts.ts'
import { openNode } from './evm/node.ts'
import type { EvmContracts } from './evm/settings.ts'
import { addressOfKey } from './relay/gas-key.ts'

/** A node that gives money to whoever asks; `@strongroom/evm-node` starts one. */
export interface GenerousNode {
  readonly url: string
  readonly chainId: number
  fund(address: string, wei: bigint): Promise<void>
}

/** Deploys the contracts with a key that nobody keeps. What stands already is left as it is. */
export async function deployForDevelopment(
  node: GenerousNode,
  wait: () => Promise<unknown> = () => delay(20),
): Promise<EvmContracts> {
  const secret = secp256k1.utils.randomSecretKey()
  const address: Hex = addressOfKey(secp256k1.getPublicKey(secret, false))
  await node.fund(address, 10n ** 20n)
  const sign = async (digest: Uint8Array) => secp256k1.sign(digest, secret, { prehash: false, lowS: true })
  const place = { node: openNode({ rpcUrl: node.url, chainId: node.chainId }), chainId: node.chainId }
  return deployContracts(place, { address, key: { sign } }, wait)
}
