import type { WithPgClient } from 'graphile-worker'
import { z } from 'zod'
import { lockKey } from './locks.ts'
import { AnswerLost, findTaken, type InHand, taken, unlockLost } from './lost-jobs.ts'
import { backOff, pause } from './pause.ts'
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
  /** The pool that looks, and what it has in its hands. */
  readonly workerPool: { readonly id: string }
  readonly inHand: InHand
  /** Seconds between two looks. */
  readonly every: number
  /** Seconds that a worker has to come back after its connection broke. */
  readonly grace: number
  readonly tell: Tell
}

export interface Unlocking {
  /** Looks at once: after PostgreSQL was away there is more to find than at other times. */
  lookNow(): void
  /** When it has stopped. */
  readonly ended: Promise<void>
}

const isLockless = (pool: string) => `pg_try_advisory_xact_lock(${lockKey(pool)})`

const findLockless = `
  select pool from (select distinct locked_by as pool from graphile_worker.jobs where locked_by is not null offset 0) pools
   where ${isLockless('pool')}`

// The locks are held until the statement is done: a worker that comes back meanwhile waits for its own.
const unlockDead = `
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
 * Frees the jobs that nobody performs: graphile-worker itself would wait for four hours. Those of workers that died: a
 * worker holds an advisory lock named like its pool for as long as it lives, and counts as dead when the lock was free at
 * two looks. And those that this pool was given and never heard of. Looks at once, and then at an interval, until stopped.
 */
export function startUnlocking(options: UnlockOptions, stopping: AbortSignal): Unlocking {
  const { every, grace, tell } = options
  let asked = new AbortController()
  const keepLooking = async () => {
    for (let failures = 0; !stopping.aborted;) {
      // Taken before the look: whoever asks while it runs is not served by it.
      const again = asked.signal
      let wait = (every - grace) * 1000
      try {
        await lookOnce(options, stopping)
        failures = 0
      } catch (error) {
        tell.log('jobs: dead workers were not looked for', { error: nameOfError(error) })
        wait = Math.min(wait, backOff(failures++))
      }
      await pause(wait, AbortSignal.any([stopping, again]))
    }
  }
  return {
    lookNow() {
      asked.abort()
      asked = new AbortController()
    },
    ended: keepLooking(),
  }
}

async function lookOnce({ withPgClient, workerPool, inHand, grace, tell }: UnlockOptions, stopping: AbortSignal) {
  const unlock = async (error: () => Error, ...[text, values]: [string, unknown[]]) => {
    const { rows } = await withPgClient((client) => client.query(text, values))
    for (const { id, kind, number, of } of jobs.parse(rows))
      tell.onFailed({ kind, id, attempt: number, attempts: of, parked: number >= of, outage: false, error: error() })
  }
  const watched = inHand.watch()
  try {
    const { lockless, idle } = await withPgClient(async (client) => ({
      lockless: pools.parse((await client.query(findLockless)).rows).map(({ pool }) => pool),
      idle: taken.parse((await client.query(findTaken, [workerPool.id])).rows).filter(({ id }) => !watched.ids.has(id)),
    }))
    await pause(grace * 1000, stopping)
    if (stopping.aborted) return
    if (lockless.length > 0) await unlock(() => new WorkerDied(), unlockDead, [lockless])
    // An answer that was on its way at the first look has begun its job by now.
    const lost = idle.filter(({ id }) => !watched.ids.has(id))
    const [ids, numbers] = [lost.map(({ id }) => id), lost.map(({ number }) => number)]
    if (lost.length > 0) await unlock(() => new AnswerLost(), unlockLost, [workerPool.id, ids, numbers])
  } finally {
    watched.end()
  }
}
