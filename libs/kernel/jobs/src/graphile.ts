import { EventEmitter } from 'node:events'
import {
  type Logger,
  run,
  type Runner,
  type RunnerOptions,
  type TaskList,
  type WithPgClient,
  type WorkerEvents,
  type WorkerPool,
} from 'graphile-worker'
import { type InHand, watchInHand } from './lost-jobs.ts'
import { settlesWithin } from './pause.ts'

export interface GraphileOptions {
  readonly connectionString: string
  readonly tasks: TaskList
  readonly concurrency: number
  /** Seconds that jobs have to finish when the worker stops. */
  readonly stopSeconds: number
  readonly logger: Logger
}

/** What graphile-worker makes of a start: a pool of workers, named anew each time, over a pool of connections. */
export interface Started {
  readonly workerPool: WorkerPool
  readonly withPgClient: WithPgClient
  readonly inHand: InHand
  /** Aborted when the pool began to end by itself, and does not come to an end. */
  readonly stalled: AbortSignal
}

/** Milliseconds that the last results of a pool have. */
const RESULTS = 1_000

/** Starts graphile-worker. No worker takes a job before what `onStarted` answers is settled. */
export async function runGraphile(
  options: GraphileOptions,
  onStarted: (started: Started) => Promise<void>,
): Promise<Runner> {
  const events: WorkerEvents = new EventEmitter()
  const stalled = watchEnd(events, options.stopSeconds)
  let ready: Promise<void> | undefined
  events.on('pool:create', ({ ctx, workerPool }) => {
    // The type does not tell, but the context of a pool holds its connections.
    const { pgPool, withPgClient } = ctx as typeof ctx &
      Pick<Required<RunnerOptions>, 'pgPool'> &
      Pick<Started, 'withPgClient'>
    // At its end graphile-worker takes its own listener away too early: an error then would end the process.
    pgPool.on('error', () => undefined)
    ready = onStarted({ workerPool, withPgClient, inHand: watchInHand(events), stalled })
  })
  return run({
    connectionString: options.connectionString,
    schema: 'graphile_worker',
    concurrency: options.concurrency,
    // One to listen, one for locks, two for what else there is.
    maxPoolSize: options.concurrency + 4,
    taskList: options.tasks,
    // Else a file called crontab in the working directory would add jobs.
    parsedCronItems: [],
    noHandleSignals: true,
    events,
    logger: options.logger,
    gracefulShutdownAbortTimeout: options.stopSeconds * 500,
    preset: {
      plugins: [{ name: 'strongroom', version: '1.0.0', worker: { hooks: { startWorker: async () => ready } } }],
      // Unbatched, a result that cannot be written is an unhandled rejection, which ends the process.
      worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 },
    },
  })
}

/**
 * Tells when a pool that began to end by itself does not come to an end. After several results that could not
 * be written it never does: graphile-worker 0.18 counts those under way below nought, and waits for it to be nought.
 */
function watchEnd(events: WorkerEvents, stopSeconds: number): AbortSignal {
  const stalled = new AbortController()
  const released = new Promise((resolve) => void events.once('pool:release', resolve))
  const quiet = new Promise((resolve) => {
    events.once('pool:gracefulShutdown:complete', resolve)
    events.once('pool:gracefulShutdown:error', resolve)
  })
  const watch = async () => {
    await settlesWithin(stopSeconds * 1000, quiet)
    // No job runs any more; results may still be on their way.
    if (!(await settlesWithin(RESULTS, released))) stalled.abort()
  }
  events.once('pool:gracefulShutdown', () => void watch())
  return stalled.signal
}

/** Turns away from a pool that stalled: it takes no more jobs, and its connections are closed as they become free. */
export async function leaveGraphile(runner: Runner): Promise<void> {
  await settlesWithin(2_000, runner.stop('the pool stalled'))
}

/** Jobs that do not end in time are given up: they count as failed, and run again where somebody still works. */
export async function stopGraphile(runner: Runner, workerPool: WorkerPool, seconds: number): Promise<void> {
  runner.promise.catch(() => undefined)
  if (await settlesWithin(seconds * 1000, runner.stop('the process stops'))) return
  await settlesWithin(2_000, Promise.resolve(workerPool.forcefulShutdown('the process stopped')))
}
