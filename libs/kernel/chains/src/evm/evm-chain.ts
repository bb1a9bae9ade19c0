import { type Hex, hexToBytes, encodeFunctionData, getAddress, isAddress } from 'viem'
import type { Chain, ChainName } from '../chain.ts'
import type { RelayedChain } from '../relay/place.ts'
import { findDeployed, queueTransaction, stateOf } from '../relay/queue.ts'
import { deepBlock } from '../relay/settle.ts'
import { factoryAbi } from './abi.ts'
import { contractGate } from './check-contracts.ts'
import { decodeRequest } from './decode.ts'
import { describeChange } from './describe.ts'
import { type Node, openNode } from './node.ts'
import { readStanding } from './read-account.ts'
import type { EvmContracts, EvmSetting } from './settings.ts'
import { executionData } from './signatures.ts'
import { addressOf, layOut } from './signers.ts'
import type { Execution } from './typed-data.ts'

/** An EVM chain, and what its relay takes of it. */
export interface EvmChain extends Chain {
  readonly relayed: RelayedChain
}

/** Opens nothing: the node is asked for the first time when something is. */
export function evmChain(name: ChainName, setting: EvmSetting, node: Node = openNode(setting)): EvmChain {
  const { chainId } = setting
  const assertContracts = contractGate(node, setting)
  const contracts = setting

  return {
    name,
    type: 'evm',
    chainId,
    relayed: { name, setting, node, assertContracts },
    referenceOf: (hash) => `${setting.explorerUrl ?? ''}${hash}`,
    addressOf: (plan) => addressOf(plan, contracts),

    queueDeployment(tx, plan, { appId }) {
      const { planned, salt, address } = layOut(plan, contracts)
      return queueTransaction(tx, {
        chain: name,
        appId,
        kind: 'deployment',
        digest: hexToBytes(salt),
        account: address,
        target: setting.factory,
        calldata: encodeFunctionData({ abi: factoryAbi, functionName: 'createAccount', args: planned }),
      })
    },
    async deployedAddress(statements, transactionId) {
      const address = await findDeployed(statements, name, transactionId)
      return address && getAddress(address)
    },

    async readAccount(address) {
      const account = addressIn(address)
      await assertContracts()
      const { number } = await node.head()
      const at = deepBlock(number, setting.confirmations)
      if (at < 0n) return undefined
      const found = await readStanding(node, account, { at, contracts })
      return (
        found && {
          address: found.address,
          signers: found.signers,
          threshold: found.threshold,
          isGenuine: found.isGenuine,
        }
      )
    },

    async describeChange(address, change, validSeconds) {
      await assertContracts()
      const changes = [change].flat()
      return describeChange({ node, chainId, contracts }, addressIn(address), { changes, validSeconds })
    },
    async decode(request) {
      const decoded = decodeRequest(request, { chainId, at: contracts })
      if (!decoded) return undefined
      const { execution, ...understood } = decoded
      await assertContracts()
      return (await isOfUse(node, execution, contracts)) ? understood : undefined
    },
    async queueRequest(tx, request, { signatures, charge }) {
      const decoded = decodeRequest(request, { chainId, at: contracts })
      if (!decoded) throw new TypeError('a request that cannot be decoded is not relayed')
      return queueTransaction(tx, {
        chain: name,
        appId: charge.appId,
        kind: 'request',
        digest: decoded.message,
        account: decoded.execution.account,
        target: decoded.execution.account,
        calldata: executionData(decoded.execution, signatures, contracts),
      })
    },

    transaction: (statements, id) => stateOf(statements, name, id),
    async outcomeOf(hash) {
      if (!/^0x[0-9a-f]{64}$/i.test(hash)) return 'unknown'
      const [{ number }, receipt] = [await node.head(), await node.receiptOf(hash as Hex)]
      if (!receipt) return (await node.knows(hash as Hex)) ? 'pending' : 'unknown'
      if (receipt.blockNumber > deepBlock(number, setting.confirmations)) return 'pending'
      return receipt.succeeded ? 'succeeded' : 'failed'
    },
  }
}

const GOOD_FOR = 86_400n

/** Whether its account could still be asked to do it, and within a day. */
async function isOfUse(node: Node, { account, nonce, deadline }: Execution, contracts: EvmContracts) {
  const [{ timestamp }, standing] = await Promise.all([
    node.head(),
    readStanding(node, account, { at: 'latest', contracts }),
  ])
  // What nobody sends today is not to lie about, signed, until somebody has a use for it.
  const isSoon = timestamp < deadline && deadline <= timestamp + GOOD_FOR
  return standing?.isGenuine === true && standing.nonce === nonce && isSoon
}

function addressIn(text: string): Hex {
  if (!isAddress(text)) throw new TypeError('no address of an EVM chain')
  return getAddress(text)
}
