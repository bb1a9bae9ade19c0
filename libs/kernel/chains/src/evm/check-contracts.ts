import { ChainUnavailable } from '../chain-unavailable.ts'
import { standingCode } from './artifacts.ts'
import type { Node } from './node.ts'
import type { EvmContracts } from './settings.ts'

/** Which of the contracts do not stand, byte for byte, where the settings say. */
export async function findForeignContracts(node: Node, at: EvmContracts): Promise<(keyof EvmContracts)[]> {
  const expected = {
    implementation: standingCode.implementation,
    deviceVerifier: standingCode.deviceVerifier,
    passkeyVerifier: standingCode.passkeyVerifier,
    factory: standingCode.factoryOf(at.implementation),
  }
  const names = Object.keys(expected) as (keyof EvmContracts)[]
  const codes = await Promise.all(names.map((name) => node.codeAt(at[name], 'latest')))
  return names.filter((name, index) => codes[index]?.toLowerCase() !== expected[name].toLowerCase())
}

/** Looks once, and again while they do not stand: nobody’s account may rest on code that is not ours. */
export function contractGate(node: Node, at: EvmContracts): () => Promise<void> {
  let stand = false
  return async () => {
    if (stand) return
    if ((await findForeignContracts(node, at)).length > 0) throw new ChainUnavailable('other_contracts', 60)
    stand = true
  }
}
