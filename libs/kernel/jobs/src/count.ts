import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { JobKind } from './job.ts'

const counted = z.object({
  kind: z.string(),
  due: column.count,
  waiting: column.count,
  running: column.count,
  parked: column.count,
})

/**
 * How many jobs of a kind there are: due and not taken yet, waiting for their next attempt, running (or held by a worker
 * that died), parked after the last attempt. Kinds without jobs are left out.
 */
export type JobCount = z.output<typeof counted>

/** Counts by kind, for metrics. Reads every job there is. */
export const countJobs = (statements: Statements): Promise<JobCount[]> =>
  statements.many(
    counted,
    sql`
    select task_identifier as kind,
           count(*) filter (where locked_at is null and attempts < max_attempts and run_at <= now()) as due,
           count(*) filter (where locked_at is null and attempts < max_attempts and run_at > now()) as waiting,
           count(*) filter (where locked_at is not null) as running,
           count(*) filter (where locked_at is null and attempts >= max_attempts) as parked
      from graphile_worker.jobs group by task_identifier order by task_identifier`,
  )

/** Gives every parked job of a kind all its attempts again, from now on. Answers with how many there were. */
export const retryParked = (statements: Statements, { name }: JobKind): Promise<number> =>
  statements.run(sql`
    select graphile_worker.reschedule_jobs(array(
             select id from graphile_worker.jobs
              where task_identifier = ${name} and locked_at is null and attempts >= max_attempts),
             run_at => now(), attempts => 0)`)
