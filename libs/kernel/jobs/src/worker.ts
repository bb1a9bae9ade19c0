import { graphileLog } from './graphile-log.ts'
import { keepLiving } from './life.ts'
import { joinWork, type Work } from './mount.ts'
import { openSweeper } from './sweeper.ts'
import { tasksOf } from './tasks.ts'
import { type Listeners, tellSafely } from './tell.ts'

export interface WorkerOptions extends Listeners {
  /** As the runtime role, straight to PostgreSQL: a pooler of transactions loses locks and notifications. */
  readonly connectionString: string
  readonly work: readonly Work[]
  /** Jobs at a time in this process; 10 unless said. It takes so many connections and four more. */
  readonly concurrency?: number
  /**
   * Seconds that jobs and sweeps have to finish in `stop`; 20 unless said. The signal of a sweep is aborted at once, that
   * of a job half way.
   */
  readonly stopSeconds?: number
  /** Seconds between looks for workers that died, 30 unless said, and that one has to come back, 5 unless said. */
  readonly unlock?: { readonly every: number; readonly grace: number }
}

export interface Worker {
  /** Takes no more jobs, waits for those that run, and gives up its locks. */
  stop(): Promise<void>
}

/**
 * Performs jobs and sweeps in this process, beside any number of others. Never ends by itself: a database that is away is
 * waited for. The schema must be as `areJobsMigrated` asks.
 * @throws Error where two handlers perform the same kind of job.
 */
export function startWorker(options: WorkerOptions): Worker {
  const { connectionString, concurrency = 10, stopSeconds = 20, unlock = { every: 30, grace: 5 } } = options
  const work = joinWork(options.work)
  const tell = tellSafely(options)
  const sweeper = openSweeper(work.sweeps, tell)
  const stopping = new AbortController()
  const living = keepLiving(
    {
      connectionString,
      concurrency,
      stopSeconds,
      unlock,
      sweeper,
      tell,
      tasks: tasksOf(work.jobs, tell),
      logger: graphileLog(tell),
    },
    stopping.signal,
  )
  return {
    async stop() {
      stopping.abort()
      await living
    },
  }
}
