import { connect } from '@strongroom/postgres'
import type { WorldFile } from '@strongroom/dev-world'

const noJobFor = (id: string, name: string) =>
  `not exists (select from graphile_worker._private_jobs where payload ->> '${name}' = ${id}::text)`

/** What only half a request or half a job could have left in the database: each line a count that must be 0. */
const questions = {
  'keys without a budget of guesses': `
    select count(*)::int as found from pin_keys.keys k
     where not exists (select from guesses.budgets where kind = 'pin' and subject = k.id::text)`,
  'budgets without a key': `
    select count(*)::int as found from guesses.budgets b
     where kind = 'pin' and not exists (select from pin_keys.keys where id::text = b.subject)`,
  'keys whose PIN epoch is not what the audit log counts': `
    select count(*)::int as found from pin_keys.keys k
     where pin_epoch <> 1 + (select count(*) from audit.events where event = 'key.pin-changed' and subject = k.id::text)`,
  'keys and budgets of different epochs': `
    select count(*)::int as found from pin_keys.keys k join guesses.budgets b on b.kind = 'pin' and b.subject = k.id::text
     where b.epoch <> k.pin_epoch`,
  'keys that exist and were erased, or were never made': `
    select count(*)::int as found from (
      select subject, count(*) filter (where event = 'key.created') - count(*) filter (where event = 'key.erased') as live
        from audit.events where event in ('key.created', 'key.erased') group by subject
    ) as told full join pin_keys.keys k on k.id::text = told.subject
     where coalesce(told.live, 0) <> (case when k.id is null then 0 else 1 end)`,
  'users of keys that are gone': `
    select count(*)::int as found from pin_keys.users u
     where removed_at is null and not exists (select from pin_keys.keys where id = u.key_id)`,
  'users who were added or verified without a trace': `
    select count(*)::int as found from (
      select id, 'user.added' as event from pin_keys.users union all
      select id, 'user.verified' from pin_keys.users where verified_at is not null
    ) as user_did
     where not exists (select from audit.events e where e.event = user_did.event and e.detail ->> 'user' = user_did.id::text)`,
  'users without a budget of guesses at codes': `
    select count(*)::int as found from pin_keys.users u
     where removed_at is null
       and not exists (select from guesses.budgets where kind = 'user-code' and subject = encode(u.lookup, 'hex'))`,
  'budgets of guesses at codes without a user': `
    select count(*)::int as found from guesses.budgets b
     where kind = 'user-code'
       and not exists (select from pin_keys.users where removed_at is null and encode(lookup, 'hex') = b.subject)`,
  'keys with users and no copy to recover, or a copy and no users': `
    select count(*)::int as found from pin_keys.keys k
     where exists (select from pin_keys.users where key_id = k.id and removed_at is null)
        <> exists (select from pin_keys.recovery_copies where key_id = k.id)`,
  'codes that were asked for and will never be sent': `
    select count(*)::int as found from codes.codes c
     where mac is null and requested_at > strongroom.now() - interval '1 hour' and ${noJobFor('c.id', 'codeId')}
       and exists (select from pin_keys.users where removed_at is null and encode(lookup, 'hex') = c.subject)`,
  'messages that were promised and will never be sent': `
    select count(*)::int as found from pin_keys.deliveries d
     where sent_at is null and failed_at is null and ${noJobFor('d.id', 'deliveryId')}`,
  'resets that wait for a worker who was never told': `
    select count(*)::int as found from pin_keys.completions c
     where state = 'pending' and requested_at > strongroom.now() - interval '1 minute' and ${noJobFor('c.id', 'completionId')}`,
  'completed resets that spent no code, ended no lock or left no trace': `
    select count(*)::int as found from pin_keys.completions c
     where state = 'done' and (
           exists (select from codes.codes where id = c.code_id and used_at is null)
        or exists (select from time_locks.locks where id = c.lock_id and state <> 'done')
        or not exists (select from audit.events where event = 'reset.completed' and detail ->> 'lock' = c.lock_id::text))`,
  'locks that are done without a completed reset': `
    select count(*)::int as found from time_locks.locks l
     where state = 'done' and not exists (
           select from audit.events where event = 'reset.completed' and detail ->> 'lock' = l.id::text)`,
  'locks on keys that are gone': `
    select count(*)::int as found from time_locks.locks l
     where state = 'active' and not exists (select from pin_keys.keys where id::text = l.subject)`,
  'locks that will not tell of their half-time, their opening or their end': `
    select count(*)::int as found from time_locks.locks l
     where not array(select event from time_locks.notices where lock_id = l.id)
        @> case when state = 'active' then array['armed', 'half-time', 'open'] else array[state] end`,
  'moments of a lock that were to be told and nobody was': `
    select count(*)::int as found from time_locks.notices n join time_locks.locks l on l.id = n.lock_id
     where claimed_at > strongroom.now() - interval '80 days'
       and not exists (select from pin_keys.deliveries where lock_id = l.id and event = 'reset-' || n.event)
       and exists (select from pin_keys.users where key_id::text = l.subject and removed_at is null and verified_at < n.claimed_at)`,
  'cancel links that were used up and cancelled nothing': `
    select count(*)::int as found from time_locks.cancel_links c join time_locks.locks l on l.id = c.lock_id
     where used_at is not null and (state <> 'cancelled'
        or not exists (select from audit.events where event = 'time-lock.contested' and detail ->> 'lock' = l.id::text))`,
}

export async function findHalfDone({ postgres }: WorldFile): Promise<string[]> {
  const database = await connect(Object.assign(new URL(postgres), { pathname: '/key_server' }).href)
  try {
    const found: string[] = []
    for (const [name, question] of Object.entries(questions)) {
      const [row] = await database.query<{ found: number }>(question)
      if (row?.found !== 0) found.push(`${name}: ${String(row?.found)}`)
    }
    return found
  } finally {
    await database.end()
  }
}
