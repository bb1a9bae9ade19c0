import { join } from 'node:path'
import { deployForDevelopment } from '@strongroom/chains/testing'
import { type EvmNode, findAnvil, startEvmNode } from '@strongroom/evm-node'
import { connect } from '@strongroom/postgres'
import { chainsOf, logOf, makePrivateDirectory, type Places } from './places.ts'
import type { Say } from './report.ts'

/** Names of the wire that stand on nodes of this machine, with the ids that these chains had. */
const served = { local: 31_337, 'ethereum-goerli': 5, 'polygon-mumbai': 80_001 } as const
const USUAL_PORT = 4040
const DAY_OF_AN_APP = 10n ** 19n

export interface WorldChains {
  /** URL of the node, by name. */
  readonly urls: Readonly<Record<string, string>>
  /** As `CHAINS` of an app has it. */
  readonly setting: string
  /** Gives money to whoever pays for accounts of a database. */
  fund(database: string): Promise<void>
  close(): Promise<void>
}

/** Starts a node for each chain, with the contracts on it. `undefined` where there is no anvil for this CPU. */
export async function startChains(places: Places, say: Say): Promise<WorldChains | undefined> {
  if (!findAnvil()) {
    say('there is no anvil for this CPU: no chain is served')
    return undefined
  }
  const directory = makePrivateDirectory(chainsOf(places))
  const nodes = await Promise.all(
    Object.entries(served).map(async ([name, chainId], index) => {
      const [state, log] = [join(directory, `${name}.json`), logOf(places, `chain-${name}`)]
      return { name, node: await startEvmNode({ port: USUAL_PORT + index, chainId, state, log }) }
    }),
  )
  const setting = await Promise.all(nodes.map(async ({ name, node }) => [name, await settingOf(node)] as const))
  return {
    urls: Object.fromEntries(nodes.map(({ name, node }) => [name, node.url])),
    setting: JSON.stringify(Object.fromEntries(setting)),
    fund: (database) => fundRelayers(database, new Map(nodes.map(({ name, node }) => [name, node]))),
    close: async () => void (await Promise.all(nodes.map(({ node }) => node.close()))),
  }
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
