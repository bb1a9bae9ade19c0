import type { TestApp } from '@strongroom/test-world'

const kinds = {
  'a key without its budget': `
    select id::text from pin_keys.keys as k
     where not exists (select from guesses.budgets where kind = 'pin' and subject = k.id::text)`,
  'a budget without its key': `
    select subject from guesses.budgets
     where kind = 'pin' and not exists (select from pin_keys.keys where id::text = subject)`,
  'a key without its event': `
    select id::text from pin_keys.keys as k
     where not exists (select from audit.events where event = 'key.created' and subject = k.id::text)`,
  'a user without a budget': `
    select id::text from pin_keys.users as u
     where removed_at is null
       and not exists (select from guesses.budgets where kind = 'user-code' and subject = encode(u.lookup, 'hex'))`,
  'a user without a copy of the key': `
    select id::text from pin_keys.users as u
     where removed_at is null and not exists (select from pin_keys.recovery_copies as c where c.key_id = u.key_id)`,
  'a copy without a user': `
    select key_id::text from pin_keys.recovery_copies as c
     where not exists (select from pin_keys.users as u where u.key_id = c.key_id and removed_at is null)`,
  'a code that nobody will draw': `
    select id::text from codes.codes as c
     where mac is null and used_at is null
       and not exists (select from graphile_worker._private_jobs where payload ->> 'codeId' = c.id::text)`,
  'a notice that nobody will send': `
    select id::text from pin_keys.deliveries as d
     where sent_at is null and failed_at is null
       and not exists (select from graphile_worker._private_jobs where payload ->> 'deliveryId' = d.id::text)`,
}

/** What a process that dies must not leave behind: halves of what belongs together. */
export async function findOrphans({ sql }: Pick<TestApp, 'sql'>): Promise<string[]> {
  const queries = Object.entries(kinds).map(([kind, query]) => `select '${kind}' as orphan from (${query}) as found`)
  const found = await sql(queries.join(' union all '))
  return found.map(({ orphan }) => String(orphan))
}
