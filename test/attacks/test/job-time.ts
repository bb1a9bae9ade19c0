import type { TestApp } from '@strongroom/test-world'

type Sql = Pick<TestApp, 'sql'>

/** Whether no job runs and none is due. */
export const areJobsQuiet = async ({ sql }: Sql): Promise<boolean> => {
  const busy = 'locked_at is not null or (attempts < max_attempts and run_at <= now())'
  return (await sql(`select from graphile_worker._private_jobs where ${busy}`)).length === 0
}

/**
 * Moves time on for jobs alone, two seconds past the next attempt that waits, and wakes the workers. Answers with the seconds that
 * passed; `undefined` where nothing waits.
 */
export async function skipToNextAttempt({ sql }: Sql): Promise<number | undefined> {
  const [skipped] = await sql(`
    with gap as (
      select case when count(*) > 0 then greatest(min(run_at) - now(), '0') + interval '2 seconds' end as gap from graphile_worker._private_jobs
       where locked_at is null and attempts < max_attempts
    ), moved as (
      update graphile_worker._private_jobs set run_at = run_at - gap from gap where locked_at is null and gap is not null
    )
    select extract(epoch from gap)::float8 as seconds, pg_notify('jobs:insert', '{"count":100}')::text from gap`)
  const seconds = skipped?.['seconds']
  return typeof seconds === 'number' ? seconds : undefined
}
