import type { BenchDatabase } from './database.ts'

/**
 * Identities that came before all others, with the bytes of one of them for contents and stamp: to make the table large. None
 * of them is read, for the token vouches for none.
 */
export async function fillIdentities(database: BenchDatabase, rows: number): Promise<void> {
  await database.ask(`
    insert into identity.identities (id, position, address, status, findable, email, contents, stamp)
    overriding system value
    select gen_random_uuid(), first - g, 'G' || rpad(translate(upper(md5((first - g)::text)), '0189', 'GHIJ'), 55, 'A'),
           'active', true, sha256((first - g)::text::bytea), contents, stamp
      from generate_series(1, ${String(rows)}) as g,
           (select min(position) over () as first, contents, stamp from identity.identities limit 1) as pattern`)
  await database.ask('vacuum (analyze) identity.identities')
  await database.ask('checkpoint')
}
