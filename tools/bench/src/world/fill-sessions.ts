import type { BenchDatabase } from './database.ts'

/** So many sessions alive and no others, nothing counted yet: what a sample leaves behind would slow the next one. */
export async function renewSessions(database: BenchDatabase, live: number): Promise<void> {
  await database.ask('truncate qr_login.sessions, qr_login.limits')
  await database.ask(`
    insert into qr_login.sessions (id, short_code, public_key, expires_at)
    select gen_random_uuid(), lpad((n * 9973)::text, 8, '0'), repeat('k', 44), strongroom.now() + interval '2 minutes'
      from generate_series(1, ${String(live)}) as n`)
  await database.ask('analyze qr_login.sessions')
}
