import { openDatabase, sql } from '@strongroom/storage'

/**
 * Makes kinds of jobs known, one after the other: graphile-worker inserts all of a worker's at once when it starts, and would wait
 * there for transactions that add jobs of new kinds, which wait for it. One of the two is then ended by PostgreSQL.
 */
export async function nameTasks(connectionString: string, names: readonly string[]): Promise<void> {
  const database = openDatabase({ connectionString, connections: 1 })
  try {
    for (const name of names) {
      await database.run(sql`
        insert into graphile_worker._private_tasks as t (identifier)
        select ${name} where not exists (select from graphile_worker._private_tasks as known where known.identifier = ${name})
        on conflict do nothing`)
    }
  } finally {
    await database.close()
  }
}
