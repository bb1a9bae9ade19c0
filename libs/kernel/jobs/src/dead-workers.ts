import type { WithPgClient } from 'graphile-worker'
import { z } from 'zod'
import { lockKey } from './locks.ts'
import { pause } from './pause.ts'
import { nameOfError, type Tell } from './tell.ts'

/** The process that performed a job ended without a word, or lost its connection for good. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied'

  constructor() {
    super('the process that performed this job died')
  }
}

export interface UnlockOptions {
  readonly withPgClient: WithPgClient
  /** Seconds between two looks. */
  readonly every: number
  /** Seconds that a worker has to come back after its connection broke. */
  readonly grace: number
  readonly tell: Tell
}

const isLockless = (pool: string) => `pg_try_advisory_xact_lock(${lockKey(pool)})`

const findLockless = `
  select pool from (select distinct locked_by as pool from graphile_worker.jobs where locked_by is not null offset 0) pools
   where ${isLockless('pool')}`

// The locks are held until the statement is done: a worker that comes back meanwhile waits for its own.
const unlock = `
  with dead as materialized (
    select pool from unnest($1::text[]) as pool where ${isLockless('pool')}
  ), unlocked as materialized (
    select id::text, task_identifier as kind, attempts as number, max_attempts as of
      from graphile_worker.jobs where locked_by in (select pool from dead)
  ), done as materialized (
    select graphile_worker.force_unlock_workers(array(select pool from dead))
  )
  select unlocked.* from unlocked, done`

const pools = z.array(z.object({ pool: z.string() }))
const jobs = z.array(z.object({ id: z.string(), kind: z.string(), number: z.int(), of: z.int() }))

/**
 * Frees the jobs of workers that died: graphile-worker itself would wait for four hours. A worker holds an advisory lock
 * named like its pool for as long as it lives; it counts as dead when the lock was free at two looks. Looks at once, and
 * then at an interval, until stopped.
 */
export async function keepUnlocking(options: UnlockOptions, stopping: AbortSignal): Promise<void> {
  const { every, grace, tell } = options
  while (!stopping.aborted) {
    try {
      await unlockOnce(options, stopping)
    } catch (error) {
      tell.log('jobs: dead workers were not looked for', { error: nameOfError(error) })
    }
    await pause((every - grace) * 1000, stopping)
  }
}

async function unlockOnce({ withPgClient, grace, tell }: UnlockOptions, stopping: AbortSignal) {
  const ask = async (text: string, values: readonly unknown[]) =>
    (await withPgClient((client) => client.query(text, [...values]))).rows
  const lockless = pools.parse(await ask(findLockless, [])).map(({ pool }) => pool)
  await pause(grace * 1000, stopping)
  if (lockless.length === 0 || stopping.aborted) return
  for (const { id, kind, number, of } of jobs.parse(await ask(unlock, [lockless]))) {
    tell.onFailed({
      kind,
      id,
      attempt: number,
      attempts: of,
      parked: number >= of,
      outage: false,
      error: new WorkerDied(),
    })
  }
}
