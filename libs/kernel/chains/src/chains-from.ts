import { z } from 'zod'
import type { ChainName, Chains } from './chain.ts'
import { type EvmChain, evmChain } from './evm/evm-chain.ts'
import { evmSetting } from './evm/settings.ts'
import { type FlowChain, flowChain } from './flow/flow-chain.ts'
import { flowSetting } from './flow/settings.ts'

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Its own words would quote the text, and that may hold the key of a provider.
    context.addIssue({ code: 'custom', message: 'is no JSON' })
    return z.NEVER
  }
})

const evmOf = (chainId: number) =>
  evmSetting.refine((setting) => setting.chainId === chainId, {
    path: ['chainId'],
    message: `must be ${String(chainId)}`,
  })

const shapes = {
  'ethereum-mainnet': evmOf(1),
  'ethereum-goerli': evmOf(5),
  'ethereum-sepolia': evmOf(11_155_111),
  'polygon-mainnet': evmOf(137),
  'polygon-mumbai': evmOf(80_001),
  'polygon-amoy': evmOf(80_002),
  local: evmSetting,
}
type EvmName = keyof typeof shapes

/** A setting of an app: a JSON text of the chains that are served, by name. An issue names a place, and never a value. */
export const chainsSetting = json.pipe(
  z.strictObject({ ...shapes, 'flow-mainnet': flowSetting, 'flow-testnet': flowSetting }).partial(),
)
export type ChainsSetting = z.output<typeof chainsSetting>

/** The chains that are configured, and by their kind what their relays take. */
export interface ServedChains extends Chains {
  readonly evm: readonly EvmChain[]
  readonly flow: readonly FlowChain[]
}

/** Opens nothing: a node is asked for the first time when something is. */
export function chainsFrom(settings: ChainsSetting): ServedChains {
  const evm = (Object.keys(shapes) as EvmName[]).flatMap((name) => {
    const setting = settings[name]
    return setting ? [evmChain(name, setting)] : []
  })
  const flow = (['flow-mainnet', 'flow-testnet'] as const).flatMap((name) => {
    const setting = settings[name]
    return setting ? [flowChain(name, setting)] : []
  })
  const byName = new Map<ChainName, EvmChain | FlowChain>([...evm, ...flow].map((chain) => [chain.name, chain]))
  return { get: (name) => byName.get(name), names: [...byName.keys()], evm, flow }
}
