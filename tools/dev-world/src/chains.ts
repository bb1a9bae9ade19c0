import { join } from 'node:path'
import { deployForDevelopment } from '@strongroom/chains/testing'
import { type EvmNode, findAnvil, startEvmNode } from '@strongroom/evm-node'
import { type FlowStub, startFlowStub } from '@strongroom/flow-stub'
import { connect } from '@strongroom/postgres'
import { chainsOf, logOf, makePrivateDirectory, type Places } from './places.ts'
import type { Say } from './report.ts'

/** Names of the wire that stand on nodes of this machine, with the ids that these chains had. */
const served = { local: 31_337, 'ethereum-goerli': 5, 'polygon-mumbai': 80_001 } as const
const USUAL_PORT = 4040
const FLOW_PORT = 4050
const DAY_OF_AN_APP = 10n ** 19n

export interface WorldChains {
  /** URL of the node or stub, by name. */
  readonly urls: Readonly<Record<string, string>>
  /** What an app is told. */
  readonly settings: Readonly<Record<'CHAINS' | 'DEFAULT_CHAIN', string>>
  /** Gives money to whoever pays for accounts of a database. */
  fund(database: string): Promise<void>
  /** Opens the account on Flow that pays, with a key of the app’s, x and y, where none stands yet. */
  openPayer(askKey: () => Promise<Uint8Array | undefined>): Promise<void>
  close(): Promise<void>
}

/** Starts a node for each chain, with the contracts on it, and the stub of Flow. Without anvil the stub stands alone. */
export async function startChains(places: Places, say: Say): Promise<WorldChains> {
  if (!findAnvil()) say('there is no anvil for this CPU: of the chains only the stub of Flow is served')
  const directory = makePrivateDirectory(chainsOf(places))
  const [nodes, flow] = await Promise.all([
    findAnvil() ? startNodes(places, directory) : [],
    startFlowStub({ port: FLOW_PORT, stateDir: join(directory, 'flow') }),
  ])
  const evm = await Promise.all(nodes.map(async ({ name, node }) => [name, await settingOf(node)] as const))
  const [first = FLOW] = nodes.map(({ name }) => name)
  return {
    urls: { ...Object.fromEntries(nodes.map(({ name, node }) => [name, node.url])), [FLOW]: flow.url },
    settings: {
      CHAINS: JSON.stringify({ ...Object.fromEntries(evm), [FLOW]: flowSettingOf(flow) }),
      DEFAULT_CHAIN: first,
    },
    fund: (database) => fundRelayers(database, new Map(nodes.map(({ name, node }) => [name, node]))),
    openPayer: (askKey) => openPayer(flow, askKey),
    close: async () => void (await Promise.all([...nodes.map(({ node }) => node.close()), flow.close()])),
  }
}

const startNodes = (places: Places, directory: string) =>
  Promise.all(
    Object.entries(served).map(async ([name, chainId], index) => {
      const [state, log] = [join(directory, `${name}.json`), logOf(places, `chain-${name}`)]
      return { name, node: await startEvmNode({ port: USUAL_PORT + index, chainId, state, log }) }
    }),
  )

const FLOW = 'flow-testnet'
/** As an emulator names its first account. */
const PAYER = 'f8d6e0586b0a20c7'
const PAYER_KEYS = [0, 1, 2, 3]

const flowSettingOf = ({ url }: FlowStub) => ({
  accessUrl: url,
  payer: { address: PAYER, keyIndexes: PAYER_KEYS },
  transactionsPerDay: 100_000,
  pollSeconds: 0.5,
})

/** What pays wants the whole weight of each of its keys: so many transactions are under way at once. */
async function openPayer(flow: FlowStub, askKey: () => Promise<Uint8Array | undefined>): Promise<void> {
  if (flow.account(PAYER)) return
  const publicKey = await askKey()
  if (!publicKey) return
  flow.addAccount(
    PAYER_KEYS.map(() => ({ publicKey, weight: 1000 })),
    PAYER,
  )
}

const settingOf = async (node: EvmNode) => ({
  rpcUrl: node.url,
  chainId: node.chainId,
  ...(await deployForDevelopment(node)),
  confirmations: 1,
  gasBudgetWei: String(DAY_OF_AN_APP),
  pollSeconds: 0.5,
})

const ENOUGH = 10n ** 20n

/** Their keys are made when the first account is asked for; money is free here. */
async function fundRelayers(database: string, nodes: ReadonlyMap<string, EvmNode>): Promise<void> {
  const connection = await connect(database)
  try {
    const [made] = await connection.query(`select to_regclass('chains.relayers') is not null as made`)
    if (made?.['made'] !== true) return
    const rows = await connection.query(`select chain, '0x' || encode(address, 'hex') as address from chains.relayers`)
    for (const { chain, address } of rows) await nodes.get(String(chain))?.fund(String(address), ENOUGH)
  } finally {
    await connection.end()
  }
}
