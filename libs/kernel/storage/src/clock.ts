import { z } from 'zod'
import { sql } from './sql.ts'
import type { Statements } from './statements.ts'

/**
 * Whether `strongroom.now()` is the production clock, `now()` and nothing else. Whoever can shift it opens time locks
 * early, so a start in production refuses any other.
 */
export async function hasTrueClock(database: Statements): Promise<boolean> {
  const found = await database.maybe(
    z.object({ source: z.string() }),
    sql`select pg_get_functiondef(to_regprocedure('strongroom.now()')) as source
         where to_regprocedure('strongroom.now()') is not null`,
  )
  const body = found?.source.split(/\n\s*RETURN /)[1]?.trim()
  return body === 'now()'
}

/** Whether the role that asks owns our schemas: then privileges bind it to nothing. */
export async function ownsSchemas(database: Statements): Promise<boolean> {
  const { owns } = await database.one(
    z.object({ owns: z.boolean() }),
    sql`select exists (select from pg_namespace where nspname = 'strongroom' and pg_has_role(nspowner, 'usage')) as owns`,
  )
  return owns
}

const makeShiftable = [
  sql`create table if not exists strongroom.clock (singleton boolean primary key default true check (singleton), shift interval not null)`,
  sql`insert into strongroom.clock (shift) values ('0') on conflict do nothing`,
  sql`grant select on strongroom.clock to public`,
  sql`create or replace function strongroom.now() returns timestamptz
        language sql stable parallel safe
        return (select pg_catalog.now() + shift from strongroom.clock)`,
]

/**
 * Shifts the time of a development or test database by an interval such as `31 days`; shifts add up. Run as the
 * owner of the schema. A database treated so is refused by every start in production, for good.
 */
export async function shiftClock(owner: Statements, interval: string): Promise<void> {
  for (const statement of makeShiftable) await owner.run(statement)
  await owner.run(sql`update strongroom.clock set shift = shift + ${interval}::interval`)
}
