import { decodeFunctionResult, encodeFunctionData, type Hex } from 'viem'
import type { Signer, StandingAccount } from '../chain.ts'
import { accountAbi } from './abi.ts'
import { cloneCode } from './artifacts.ts'
import type { At, Node } from './node.ts'
import type { EvmContracts } from './settings.ts'
import { decodeSigner } from './signers.ts'

const standing = encodeFunctionData({ abi: accountAbi, functionName: 'standing' })

export interface StandingEvmAccount extends StandingAccount {
  readonly nonce: bigint
}

/** `undefined`: no code stands there. Code that is not ours is not asked who its signers are. */
export async function readStanding(
  node: Node,
  account: Hex,
  { at, contracts }: { readonly at: At; readonly contracts: EvmContracts },
): Promise<StandingEvmAccount | undefined> {
  const code = await node.codeAt(account, at)
  if (code === '0x') return undefined
  const foreign = { address: account, signers: [], threshold: 0, nonce: 0n, isGenuine: false }
  if (code.toLowerCase() !== cloneCode(contracts.implementation).toLowerCase()) return foreign
  const data = await node.call(account, standing, at)
  const [keys, weights, threshold, nonce] = decodeFunctionResult({ abi: accountAbi, functionName: 'standing', data })
  const signers = keys.flatMap((key, index): Signer[] => {
    const known = decodeSigner(key, contracts)
    return known ? [{ ...known, weight: Number(weights[index] ?? 0n) }] : []
  })
  // A signer that we cannot name may move the account all the same.
  if (signers.length !== keys.length) return foreign
  return { address: account, signers, threshold: Number(threshold), nonce, isGenuine: true }
}
