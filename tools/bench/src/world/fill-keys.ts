import type { BenchDatabase } from './database.ts'

const ENVELOPE_BYTES = 180

/**
 * Rows like those of real keys, with random bytes for verifier and ciphertext: enough for whoever never brings the
 * right PIN, and to make tables large. Answers their ids, or as many of them as `told` says.
 */
export async function fillKeys(
  database: BenchDatabase,
  { rows, told = rows }: { rows: number; told?: number },
): Promise<readonly string[]> {
  const made = await database.ask<{ id: string }>(`
    with made as materialized (
      select gen_random_uuid() as id, sha256(g::text::bytea) as verifier,
             decode(repeat(md5(g::text), ${String(Math.ceil(ENVELOPE_BYTES / 16))}), 'hex') as envelope
        from generate_series(1, ${String(rows)}) as g
    ), keys as (
      insert into pin_keys.keys (id, verifier, envelope) select id, verifier, envelope from made
    ), budgets as (
      insert into guesses.budgets (kind, subject) select 'pin', id from made
    )
    select id from made limit ${String(told)}`)
  return made.map(({ id }) => id)
}

/** Leaves statistics, hint bits and a clean write-ahead log, so that one round does not pay for the one before. */
export async function settle(database: BenchDatabase): Promise<void> {
  await database.ask('vacuum (analyze) pin_keys.keys')
  await database.ask('vacuum (analyze) guesses.budgets')
  await database.ask('checkpoint')
}
