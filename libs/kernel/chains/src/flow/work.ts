import { addJobs, type JobHandler, perform, type Sweep, sweep } from '@strongroom/jobs'
import { sql } from '@strongroom/storage'
import { ChainUnavailable } from '../chain-unavailable.ts'
import { advance, type FlowDeps } from './advance.ts'
import { advanceJob } from './job.ts'
import type { FlowRelay } from './relay.ts'
import { dueTransactions, findTransaction, postpone } from './store.ts'

/** Of every chain of Flow that is configured, by name. */
export interface FlowWorkDeps {
  readonly flow: ReadonlyMap<string, FlowDeps>
}

const MOST_AT_ONCE = 200

export const performAdvance: JobHandler<FlowWorkDeps> = perform<FlowWorkDeps>()(
  advanceJob,
  async ({ transactionId }, { flow }) => {
    for (const deps of flow.values()) {
      const found = await findTransaction(deps.database, transactionId)
      if (found?.chain === deps.name) return advanceOrWait(deps, transactionId)
    }
  },
)

async function advanceOrWait(deps: FlowDeps, transactionId: string): Promise<void> {
  try {
    await advance(deps, transactionId)
  } catch (error) {
    if (error instanceof ChainUnavailable) await postpone(deps.database, transactionId, error.retryAfterSeconds)
    throw error
  }
}

/** What is due: looked at again, or left behind by a process that ended. */
export const advanceDue: Sweep<FlowWorkDeps> = sweep<FlowWorkDeps>()({
  name: 'chains.flow-due',
  every: 1,
  async run({ flow }) {
    for (const { database, name } of flow.values()) {
      const payload = sql`json_build_object('transactionId', id)`
      const jobs = addJobs(advanceJob, { from: sql`due`, payload, key: sql`'flow.' || id` })
      await database.run(sql`with due as (${dueTransactions(name, MOST_AT_ONCE)}) select ${jobs}`)
    }
  },
})

/** To be mounted in whatever process works. */
export const flowWork = (relays: readonly FlowRelay[]) => ({
  jobs: [performAdvance],
  sweeps: [advanceDue],
  deps: { flow: new Map(relays.map(({ deps }) => [deps.name, deps])) } satisfies FlowWorkDeps,
})
