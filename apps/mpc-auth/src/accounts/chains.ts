import { type ChainName, chainsFrom, type FlowRelay, openFlowRelay, type ServedChains } from '@strongroom/chains'
import { type FlowPayer, namedChains } from '@strongroom/chain-accounts'
import type { Parts, ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

/** Signing key of whoever pays on Flow. */
export const FLOW_PAYER_USE = 'flow-payer'

type Own = Pick<Parts<typeof settings>, 'settings' | 'database' | 'hsm'>

export const servedChains = ({ CHAINS: chains }: ValuesOf<typeof settings>): ServedChains => chainsFrom(chains)

/** What pays on each chain of Flow that is configured. */
export const flowRelays = ({ database, hsm }: Own, { flow }: ServedChains): readonly FlowRelay[] =>
  flow.map((chain) =>
    openFlowRelay({
      chain,
      database,
      publicKey: async () => (await hsm.publicKey(FLOW_PAYER_USE)).subarray(1),
      sign: (message) => hsm.sign(FLOW_PAYER_USE, message),
    }),
  )

/** What the endpoints need of the chains. */
export function chainDeps(own: Own) {
  const served = servedChains(own.settings)
  const relays = flowRelays(own, served)
  const payers = new Map<string, FlowPayer>(
    served.flow.flatMap(({ name, payer }, index) => {
      const relay = relays[index]
      return relay
        ? [[name, { ...payer, sign: (envelope, charge) => relay.signAsPayer(envelope, charge) }] as const]
        : []
    }),
  )
  return {
    chains: namedChains(served),
    defaultChain: own.settings.DEFAULT_CHAIN satisfies ChainName,
    flowPayerOf: (name: string) => payers.get(name),
  }
}
