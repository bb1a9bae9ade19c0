import { type Hex, toHex } from 'viem'
import { z } from 'zod'
import { ChainUnavailable } from '../chain-unavailable.ts'
import { openRpc, type Rpc } from './json-rpc.ts'

export interface Head {
  readonly number: bigint
  /** Seconds since 1970, as the chain counts them. */
  readonly timestamp: bigint
  readonly baseFee: bigint
}

export interface Receipt {
  readonly succeeded: boolean
  readonly blockNumber: bigint
  /** Of all that it took, in wei. */
  readonly cost: bigint
}

/** A block by its number, or the newest. */
export type At = bigint | 'latest'

/** A node of the chain that is configured, and of no other. Every method throws `ChainUnavailable` where it does not answer. */
export interface Node {
  head(): Promise<Head>
  codeAt(address: Hex, at: At): Promise<Hex>
  /** @throws NodeRefused where the call reverts. */
  call(to: Hex, data: Hex, at: At): Promise<Hex>
  /** Gas that the call takes. @throws NodeRefused where it reverts. */
  estimate(call: { readonly from: Hex; readonly to: Hex; readonly data: Hex }): Promise<bigint>
  /** What to offer beyond the base fee. */
  tip(): Promise<bigint>
  balanceOf(address: Hex): Promise<bigint>
  /** Transactions of an address that are in blocks: its next nonce there. */
  countOf(address: Hex, at: At): Promise<number>
  receiptOf(hash: Hex): Promise<Receipt | undefined>
  /** Whether the node holds it, in a block or not. */
  knows(hash: Hex): Promise<boolean>
  /** @throws NodeRefused */
  send(signed: Hex): Promise<void>
}

const hex = z.custom<Hex>((text) => typeof text === 'string' && /^0x[0-9a-fA-F]*$/.test(text))
const quantity = hex.transform((text) => (text === '0x' ? 0n : BigInt(text)))
const head = z.object({ number: quantity, timestamp: quantity, baseFeePerGas: quantity.default(0n) })
const receipt = z
  .object({ status: quantity, blockNumber: quantity, gasUsed: quantity, effectiveGasPrice: quantity })
  .nullable()

const RECHECK_MS = 60_000

const blockOf = (at: At): string => (at === 'latest' ? at : toHex(at))

export function openNode(setting: { readonly rpcUrl: string; readonly chainId: number }): Node {
  const ask = gated(openRpc(setting.rpcUrl), setting.chainId)
  return {
    async head() {
      const found = await ask(head, 'eth_getBlockByNumber', ['latest', false])
      return { number: found.number, timestamp: found.timestamp, baseFee: found.baseFeePerGas }
    },
    codeAt: (address, at) => ask(hex, 'eth_getCode', [address, blockOf(at)]),
    call: (to, data, at) => ask(hex, 'eth_call', [{ to, data }, blockOf(at)]),
    estimate: (call) => ask(quantity, 'eth_estimateGas', [call]),
    tip: () => ask(quantity, 'eth_maxPriorityFeePerGas', []),
    balanceOf: (address) => ask(quantity, 'eth_getBalance', [address, 'latest']),
    countOf: async (address, at) => Number(await ask(quantity, 'eth_getTransactionCount', [address, blockOf(at)])),
    async receiptOf(hash) {
      const found = await ask(receipt, 'eth_getTransactionReceipt', [hash])
      if (!found) return undefined
      const { status, blockNumber, gasUsed, effectiveGasPrice } = found
      return { succeeded: status === 1n, blockNumber, cost: gasUsed * effectiveGasPrice }
    },
    knows: async (hash) => (await ask(z.unknown(), 'eth_getTransactionByHash', [hash])) != null,
    send: async (signed) => void (await ask(hex, 'eth_sendRawTransaction', [signed])),
  }
}

/** Asks for the chain's id first, and again after a minute or a failure: a URL may come to lead somewhere else. */
function gated(rpc: Rpc, chainId: number): Rpc {
  let checked: { readonly at: number; readonly done: Promise<void> } | undefined
  const check = async () => {
    if ((await rpc(quantity, 'eth_chainId', [])) !== BigInt(chainId)) throw new ChainUnavailable('other_chain', 60)
  }
  return async (shape, method, params) => {
    if (!checked || performance.now() - checked.at > RECHECK_MS) checked = { at: performance.now(), done: check() }
    try {
      await checked.done
      return await rpc(shape, method, params)
    } catch (error) {
      if (error instanceof ChainUnavailable) checked = undefined
      throw error
    }
  }
}
