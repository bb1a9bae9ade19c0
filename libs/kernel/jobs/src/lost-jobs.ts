import type { WorkerEvents } from 'graphile-worker'
import { z } from 'zod'

/** PostgreSQL gave the job to this process and wrote that down, and the connection broke before it said so. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost'

  constructor() {
    super('the answer that gave this job to this process was lost')
  }
}

/** What a pool of workers has in its hands. */
export interface InHand {
  /** Ids of the jobs that are performed now and, until `end`, of those that are begun. */
  watch(): { readonly ids: ReadonlySet<string>; end(): void }
}

/** To be called before the pool takes its first job. */
export function watchInHand(events: WorkerEvents): InHand {
  const performed = new Set<string>()
  events.on('job:start', ({ job }) => performed.add(job.id))
  events.on('job:complete', ({ job }) => performed.delete(job.id))
  return {
    watch() {
      const ids = new Set(performed)
      const note = ({ job }: { job: { id: string } }) => void ids.add(job.id)
      events.on('job:start', note)
      return { ids, end: () => void events.off('job:start', note) }
    },
  }
}

export const taken = z.array(z.object({ id: z.string(), number: z.int() }))

export const findTaken = `
  select id::text, attempts::int as number from graphile_worker._private_jobs where locked_by = $1::text`

// The attempt stays spent: a handler that did run must not meet its number again.
export const unlockLost = `
  with unlocked as (
    update graphile_worker._private_jobs set locked_by = null, locked_at = null
     where locked_by = $1::text and (id, attempts) in (select * from unnest($2::bigint[], $3::int[]))
    returning id, task_id, attempts, max_attempts
  )
  select u.id::text, t.identifier as kind, u.attempts::int as number, u.max_attempts::int as of
    from unlocked as u join graphile_worker._private_tasks as t on t.id = u.task_id`
