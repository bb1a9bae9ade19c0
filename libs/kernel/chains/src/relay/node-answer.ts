import type { NodeRefused } from '../evm/json-rpc.ts'

/**
 * What a node means when it does not take signed bytes. `held`: it, or a block, has them. `passed`: that nonce is used in a
 * block. `cheap`: it wants more for gas. `funds`: the relayer cannot pay. `never`: no node will take these bytes. `odd`:
 * nothing that we know.
 */
export type Meaning = 'held' | 'passed' | 'cheap' | 'funds' | 'never' | 'odd'

// There is no standard: these are the words of geth, bor, erigon, nethermind, besu, reth and anvil.
const meanings: readonly (readonly [Meaning, RegExp])[] = [
  ['held', /already known|already imported|known transaction|already in (the )?(mem)?pool|alreadyknown/i],
  ['passed', /nonce too low|nonce is too low|oldnonce|nonce has already been used|old nonce/i],
  ['funds', /insufficient (funds|balance)|balance too low|doesn't have enough (funds|ether)|upfront cost exceeds/i],
  [
    'cheap',
    /underpriced|fee too low|gas price too low|less than block base fee|below (the )?(current )?base ?fee|fee ?cap/i,
  ],
  [
    'never',
    /intrinsic gas|exceeds block gas limit|gas limit (is )?too (high|low)|oversized|max initcode|exceeds the gas cap/i,
  ],
  ['never', /invalid (sender|signature|chain ?id)|transaction type not supported|floor data gas|gas uint64 overflow/i],
]

export const meaningOf = ({ message }: NodeRefused): Meaning =>
  meanings.find(([, words]) => words.test(message))?.[0] ?? 'odd'
