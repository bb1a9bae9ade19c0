import { openDatabase, sql, type Statements } from '@strongroom/storage'
import { Logger, runMigrations } from 'graphile-worker'
import { z } from 'zod'
import { grantToRuntime } from './grants.ts'

/** The migration of graphile-worker that this library is written for; the tests compare. */
export const SCHEMA_VERSION = 20

/**
 * Brings the schema of jobs up, and gives the runtime role what it takes to add and perform them. Runs as the migrator,
 * as often as one likes. Jobs that run meanwhile are not harmed by migrations that are not breaking.
 */
export async function migrateJobs(migratorUrl: string, runtimeRole: string): Promise<void> {
  const logger = new Logger(() => () => undefined)
  await runMigrations({ connectionString: migratorUrl, schema: 'graphile_worker', maxPoolSize: 2, logger })
  const owner = openDatabase({ connectionString: migratorUrl, connections: 1 })
  try {
    await owner.transaction(async (tx) => {
      for (const statement of grantToRuntime(runtimeRole)) await tx.run(statement)
    })
  } finally {
    await owner.close()
  }
}

/** Whether the schema is at the version that this library needs: what a start asks before it serves. */
export async function areJobsMigrated(statements: Statements): Promise<boolean> {
  const { readable } = await statements.one(
    z.object({ readable: z.boolean() }),
    sql`select exists (
          select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
           where n.nspname = 'graphile_worker' and c.relname = 'migrations'
             and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')) as readable`,
  )
  if (!readable) return false
  const { current } = await statements.one(
    z.object({ current: z.boolean() }),
    sql`select coalesce(max(id) >= ${SCHEMA_VERSION} and coalesce(max(id) filter (where breaking), 0) <= ${SCHEMA_VERSION},
                        false) as current
          from graphile_worker.migrations`,
  )
  return current
}
