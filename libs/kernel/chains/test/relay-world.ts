import { randomUUID } from 'node:crypto'
import { migrateJobs, mountWork, startWorker, type WorkerOptions } from '@strongroom/jobs'
import { fingerprint, migrate, openDatabase, shiftClock, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { z } from 'zod'
import type { AccountPlan } from '../src/chain.ts'
import type { EvmChain } from '../src/evm/evm-chain.ts'
import { chainMigrations } from '../src/migrations.ts'
import { ensureRelayer } from '../src/relay/relayer.ts'
import { relay, type RelayOptions } from '../src/relay/round.ts'
import { evmWork } from '../src/relay/work.ts'
import { deviceKey, gasKeysHere } from './keys.ts'

const sets = [storageMigrations, chainMigrations]

export const planOf = (): AccountPlan => ({
  accountId: randomUUID(),
  signers: [deviceKey().signer, deviceKey().signer],
  threshold: 1000,
})

const row = z.object({
  state: z.string(),
  reason: z.string().nullable(),
  nonce: z.int().nullable(),
  charged: z.string(),
  versions: z.int(),
  nothings: z.int(),
})

/** A database with the schemas of jobs and chains, used as the runtime role. */
export async function relayWorld() {
  const postgres = await testDatabase({
    template: `chains_${fingerprint(sets)}`,
    prepare: async (url, role) => {
      await migrate(url, sets, role)
      await migrateJobs(url, role)
    },
  })
  const database = openDatabase({ connectionString: postgres.url, connections: 5 })
  const owner = openDatabase({ connectionString: postgres.adminUrl, connections: 1 })
  const gasKeys = gasKeysHere()
  const options: RelayOptions = { database, gasKeys, leaseSeconds: 1 }
  return {
    url: postgres.url,
    database,
    owner,
    gasKeys,
    options,
    relayerOf: (chain: EvmChain) => ensureRelayer(database, gasKeys, chain.name),
    queue: (chain: EvmChain, plan = planOf(), appId = 'app-1') =>
      database.transaction((tx) => chain.queueDeployment(tx, plan, { appId })),
    /** One look, as the sweep has it. */
    look: (chain: EvmChain, wish: Partial<RelayOptions> = {}) => relay({ ...options, ...wish }, chain.relayed),
    /** A worker of this process. */
    work: (chains: readonly EvmChain[], wish: Partial<WorkerOptions> = {}) =>
      startWorker({
        connectionString: postgres.url,
        work: [mountWork(evmWork(chains, options))],
        concurrency: 4,
        unlock: { every: 3, grace: 2 },
        ...wish,
      }),
    pass: (interval: string) => shiftClock(owner, interval),
    read: (id: string) =>
      database.one(
        row,
        sql`
        select t.state, t.reason, t.nonce, t.charged::text as charged, count(s.hash)::int as versions,
               (count(s.hash) filter (where s.nothing))::int as nothings
          from chains.transactions as t left join chains.sendings as s on s.transaction_id = t.id
         where t.id = ${id} group by t.id`,
      ),
    async spent(appId = 'app-1') {
      const { wei } = await database.one(
        z.object({ wei: z.string() }),
        sql`select coalesce(sum(wei), 0)::text as wei from chains.spending where app_id = ${appId}`,
      )
      return BigInt(wei)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([database.close(), owner.close()])
      await postgres.drop()
    },
  }
}
export type RelayWorld = Awaited<ReturnType<typeof relayWorld>>
