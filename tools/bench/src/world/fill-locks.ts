import type { BenchDatabase } from './database.ts'

const DAY = '1 day'
const tables = [
  'time_locks.locks',
  'time_locks.notices',
  'pin_keys.users',
  'pin_keys.deliveries',
  'graphile_worker._private_jobs',
]

/** Resets under way, armed within the last two weeks: what arming told was sent, half-time and opening are yet to come. */
export async function fillPendingLocks(database: BenchDatabase, count: number): Promise<void> {
  const armedAt = `strongroom.now() - interval '${DAY}' - n * interval '13 days' / ${String(count)}`
  await arm(database, { count, armedAt, claimedAt: `case event when 'armed' then due end` })
}

/** Instead of those of an earlier call, and of what was made of them: locks armed just now, of which nobody was told. */
export async function renewDueLocks(database: BenchDatabase, count: number): Promise<void> {
  const ofNow = `strongroom.now() - interval '${DAY}'`
  await database.ask('truncate pin_keys.deliveries, graphile_worker._private_jobs')
  await database.ask(`delete from time_locks.locks where armed_at > ${ofNow}`)
  await database.ask(`delete from pin_keys.users where created_at > ${ofNow}`)
  await arm(database, { count, armedAt: 'strongroom.now()', claimedAt: 'null' })
  for (const table of tables) await database.ask(`vacuum (analyze) ${table}`)
  await database.ask('checkpoint')
}

/** How many notices became a row to deliver and a job. */
export async function countAnnounced(database: BenchDatabase): Promise<number> {
  const [counted] = await database.ask<{ deliveries: number; jobs: number }>(`
    select (select count(*) from pin_keys.deliveries)::int as deliveries,
           (select count(*) from graphile_worker.jobs where task_identifier = 'pin-keys.deliver-notice')::int as jobs`)
  return Math.min(counted?.deliveries ?? 0, counted?.jobs ?? 0)
}

/** Each with a key id and one verified user of its own, and the three notices that arming makes. */
const arm = (
  database: BenchDatabase,
  { count, armedAt, claimedAt }: { count: number; armedAt: string; claimedAt: string },
): Promise<unknown> =>
  database.ask(`
    with wanted as materialized (
      select gen_random_uuid() as key, gen_random_uuid() as holder, ${armedAt} as at
        from generate_series(1, ${String(count)}) as n
    ), users as (
      insert into pin_keys.users (id, key_id, lookup, channel, contact, created_at, verified_at)
      select holder, key, sha256(holder::text::bytea), 'email', decode(repeat(md5(key::text), 10), 'hex'), at, at
        from wanted
    ), locks as (
      insert into time_locks.locks (kind, subject, holder, armed_at, opens_at, lapses_at)
      select 'pin-reset', key, holder, at, at + interval '30 days', at + interval '60 days' from wanted
      returning id, armed_at, opens_at
    )
    insert into time_locks.notices (lock_id, event, due_at, claimed_at)
    select id, event, due, ${claimedAt}
      from locks, lateral (values ('armed', armed_at), ('half-time', armed_at + interval '15 days'), ('open', opens_at)) as n (event, due)`)
