import { concatHex, type Hex, zeroHash } from 'viem'
import { bytesToHex } from 'viem/utils'
import { ChainUnavailable } from '../chain-unavailable.ts'
import { type GasKey, signTransaction } from '../relay/gas-key.ts'
import { creationCode } from './artifacts.ts'
import { findForeignContracts } from './check-contracts.ts'
import type { Node } from './node.ts'
import type { EvmContracts } from './settings.ts'
import { CREATE2_DEPLOYER, usualContracts } from './usual-contracts.ts'

export interface Deployer {
  readonly address: Hex
  readonly key: GasKey
}

/** Who waits between two looks at a transaction. */
export type Wait = () => Promise<unknown>

/**
 * Deploys what does not stand yet, and waits for it. Anybody may: nobody owns the contracts, and whoever deploys others
 * deploys them elsewhere. The deployer’s nonces must be its own, so a relayer that serves does not deploy.
 * @throws Error where the chain has no CREATE2 deployer.
 */
export async function deployContracts(
  { node, chainId }: { readonly node: Node; readonly chainId: number },
  deployer: Deployer,
  wait: Wait,
): Promise<EvmContracts> {
  if ((await node.codeAt(CREATE2_DEPLOYER, 'latest')) === '0x')
    throw new Error(`the chain has no CREATE2 deployer at ${CREATE2_DEPLOYER}: deploy that one first`)
  const contracts = usualContracts()
  const codes = { ...creationCode, factory: creationCode.factoryOf(contracts.implementation) }
  for (const name of ['implementation', 'deviceVerifier', 'passkeyVerifier', 'factory'] as const) {
    if ((await node.codeAt(contracts[name], 'latest')) !== '0x') continue
    await send({ node, chainId }, deployer, concatHex([zeroHash, codes[name]]))
    while ((await node.codeAt(contracts[name], 'latest')) === '0x') await wait()
  }
  const foreign = await findForeignContracts(node, contracts)
  if (foreign.length > 0) throw new Error(`not our code at: ${foreign.join(', ')}`)
  return contracts
}

async function send({ node, chainId }: { node: Node; chainId: number }, { address, key }: Deployer, data: Hex) {
  const [head, tip, nonce, gas] = await Promise.all([
    node.head(),
    node.tip(),
    node.countOf(address, 'latest'),
    node.estimate({ from: address, to: CREATE2_DEPLOYER, data }),
  ])
  const unsigned = {
    chainId,
    nonce,
    to: CREATE2_DEPLOYER,
    data,
    gas: (gas * 5n) / 4n,
    maxFee: 2n * head.baseFee + tip,
    maxTip: tip,
  }
  if ((await node.balanceOf(address)) < unsigned.gas * unsigned.maxFee)
    throw new ChainUnavailable('deployer_out_of_funds')
  const { bytes } = await signTransaction(unsigned, key, address)
  await node.send(bytesToHex(bytes))
}
