import { type JobHandler, perform, sweep, type Sweep } from '@strongroom/jobs'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import type { RelayedChain } from './place.ts'
import { sendJob } from './queue.ts'
import { relay, type RelayOptions } from './round.ts'

export interface RelayDeps extends RelayOptions {
  readonly relayed: readonly RelayedChain[]
}

const waiting = z.object({ chain: z.string() })

/** Sends what was queued a moment ago; confirmations are waited for by the sweeps, which hold no worker. */
const send: JobHandler<RelayDeps> = perform<RelayDeps>()(sendJob, async ({ transactionId }, deps) => {
  const found = await deps.database.reading.maybe(
    waiting,
    sql`select chain from chains.transactions where id = ${transactionId} and state in ('queued', 'taken')`,
  )
  const chain = deps.relayed.find(({ name }) => name === found?.chain)
  if (chain) await relay(deps, chain)
})

/** Looks after a chain at its interval: settles, sends again, replaces, takes up what waited. */
const lookAfter = (chain: RelayedChain): Sweep<RelayDeps> =>
  sweep<RelayDeps>()({
    name: `chains.relay-${chain.name}`,
    every: chain.setting.pollSeconds,
    run: (deps) => relay(deps, chain),
  })

/** To be mounted in whatever process works: `mountWork(evmWork(chains, { database, gasKeys }))`. */
export function evmWork(chains: readonly { readonly relayed: RelayedChain }[], options: RelayOptions) {
  const relayed = chains.map((chain) => chain.relayed)
  return { jobs: [send], sweeps: relayed.map(lookAfter), deps: { ...options, relayed } satisfies RelayDeps }
}
