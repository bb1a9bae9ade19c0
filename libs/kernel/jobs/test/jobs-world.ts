import { createHash } from 'node:crypto'
import { type Database, openDatabase, sql } from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { z } from 'zod'
import { grantToRuntime } from '../src/grants.ts'
import { countJobs, type JobCount } from '../src/count.ts'
import { migrateJobs } from '../src/schema.ts'
import { startWorker, type WorkerOptions } from '../src/worker.ts'

export interface JobsWorld extends AsyncDisposable {
  readonly url: string
  readonly database: Database
  readonly owner: Database
  readonly postgres: TestDatabase
  /** A worker with short intervals, stopped with the world at the latest. */
  work(options: Omit<WorkerOptions, 'connectionString'>): ReturnType<typeof startWorker>
  countOf(kind: string): Promise<Omit<JobCount, 'kind'>>
  /** Ends connections of the runtime role, all but our own, as a restart of the server does. Answers with how many. */
  cut(which?: 'all' | 'those with locks'): Promise<number>
}

const grants = createHash('sha256')
  .update(JSON.stringify(grantToRuntime('x')))
  .digest('hex')

/** A database with the schema of jobs, migrated as the owner, used as the runtime role. */
export async function jobsWorld(): Promise<JobsWorld> {
  const postgres = await testDatabase({ template: `jobs_${grants.slice(0, 16)}`, prepare: migrateJobs })
  const database = openDatabase({ connectionString: postgres.url, connections: 5 })
  const owner = openDatabase({ connectionString: postgres.adminUrl, connections: 1 })
  const workers: ReturnType<typeof startWorker>[] = []
  return {
    url: postgres.url,
    database,
    owner,
    postgres,
    work(options) {
      const worker = startWorker({
        connectionString: postgres.url,
        concurrency: 2,
        unlock: { every: 3, grace: 2 },
        ...options,
      })
      workers.push(worker)
      return worker
    },
    async countOf(wanted) {
      const found = (await countJobs(database)).find(({ kind }) => kind === wanted)
      const { due, waiting, running, parked } = found ?? { due: 0, waiting: 0, running: 0, parked: 0 }
      return { due, waiting, running, parked }
    },
    async cut(which = 'all') {
      const found = await database.many(
        z.object({ pid: z.int() }),
        sql`select pid, pg_terminate_backend(pid) from pg_stat_activity as a
             where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
               and (${which} = 'all' or exists (select from pg_locks as l where l.pid = a.pid and locktype = 'advisory'))`,
      )
      return found.length
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((one) => one.stop()))
      await Promise.all([database.close(), owner.close()])
      await postgres.drop()
    },
  }
}

/** Patience of tests that wait for another try. */
export const soon = { timeout: 60_000, interval: 50 }
