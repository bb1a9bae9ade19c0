import { setTimeout as pause } from 'node:timers/promises'
import { deployForDevelopment } from '@strongroom/chains/testing'
import { startEvmNode } from '@strongroom/evm-node'
import { post } from '../load/requests.ts'
import { type AppServer, startServer } from './app.ts'
import type { Child } from './child.ts'
import { introduced, newPerson, type Person } from './device.ts'

const ENOUGH = 10n ** 22n
const BETWEEN_LOOKS = 100

/** mpc-auth with accounts alone, on an anvil of its own; its worker is started when it is wanted. */
export interface AccountsServer extends AppServer {
  /** So many sign-ups of people who were never seen before. */
  signUps(count: number): string[]
  /** So many people at once; whoever is told to come back later does. Answers how often that was. */
  signUpAtOnce(count: number): Promise<number>
  /** These people, one after the other. */
  signUpEach(people: readonly Person[]): Promise<void>
  /** Begins to work: what is queued goes out, paid by a relayer that has money. */
  work(): Promise<Child>
  /** Waits until every account that was asked for is active. */
  settled(): Promise<Settled>
}

export interface Settled {
  readonly accounts: number
  /** On the chain: addresses that the factory made, each counted once. */
  readonly deployed: number
  /** Nonces that the relayer gave away, and transactions of it that the chain has. */
  readonly given: number
  readonly mined: number
}

export async function startAccountsServer(superuserUrl: string): Promise<AccountsServer> {
  const node = await startEvmNode()
  try {
    const contracts = await deployForDevelopment(node)
    const place = { rpcUrl: node.url, chainId: node.chainId, ...contracts, confirmations: 1, pollSeconds: 0.2 }
    const server = await startServer({
      app: 'mpc-auth',
      superuserUrl,
      settings: {
        MPC_AUTH_APIS: 'accounts',
        PUBLIC_URL: 'http://127.0.0.1:4300',
        ACCOUNTS_TEST_LOGIN: 'on',
        LOGINS_PER_ADDRESS: '1000000',
        REQUESTS_PER_ACCOUNT: '1000000',
        CHAINS: JSON.stringify({ local: { ...place, gasBudgetWei: String(ENOUGH) } }),
        DEFAULT_CHAIN: 'local',
      },
    })
    const { database } = server
    const count = async (query: string) => (await database.ask<{ n: number }>(query))[0]?.n ?? 0
    const relayer = async () =>
      (
        await database.ask<{ address: string }>(`select '0x' || encode(address, 'hex') as address from chains.relayers`)
      )[0]
    return {
      ...server,
      signUps: (many) => Array.from({ length: many }, () => post('/auth/v1/signup', introduced(newPerson()))),
      signUpAtOnce: async (many) => {
        const asked = await Promise.all(
          Array.from({ length: many }, () => signUpAt(server.port, introduced(newPerson()))),
        )
        return asked.reduce((sum, again) => sum + again, 0)
      },
      async signUpEach(people) {
        for (const person of people) await signUpAt(server.port, introduced(person))
      },
      async work() {
        const worker = await server.spawnWorker()
        // Its key is made when the first transaction waits.
        for (let found = await relayer(); ; found = await relayer()) {
          if (found) {
            await node.fund(found.address, ENOUGH)
            return worker
          }
          await pause(BETWEEN_LOOKS)
        }
      },
      async settled() {
        while ((await count(`select count(*)::int as n from chain_accounts.accounts where state <> 'active'`)) > 0)
          await pause(BETWEEN_LOOKS)
        const logs = (await node.ask('eth_getLogs', { address: contracts.factory, fromBlock: '0x0' })) as {
          topics: string[]
        }[]
        const { address = '' } = (await relayer()) ?? {}
        return {
          accounts: await count(`select count(*)::int as n from chain_accounts.accounts where state = 'active'`),
          deployed: new Set(logs.map(({ topics }) => topics[1])).size,
          given: await count('select next_nonce::int as n from chains.relayers'),
          mined: Number(await node.ask('eth_getTransactionCount', address, 'latest')),
        }
      },
      async stop() {
        await server.stop()
        await node.close()
      },
    }
  } catch (error) {
    await node.close()
    throw error
  }
}

/** Answers how often it was told to come back later. */
async function signUpAt(port: number, person: object): Promise<number> {
  const body = JSON.stringify(person)
  const headers = { 'content-type': 'application/json' }
  for (let again = 0; ; again++) {
    const answer = await fetch(`http://127.0.0.1:${String(port)}/auth/v1/signup`, { method: 'POST', headers, body })
    await answer.arrayBuffer()
    if (answer.status === 201) return again
    if (answer.status !== 503) throw new Error(`a sign-up was answered ${String(answer.status)}`)
    await pause(1000 * Number(answer.headers.get('retry-after') ?? 1))
  }
}
