import type { Runner } from 'graphile-worker'
import { startUnlocking, type Unlocking } from './dead-workers.ts'
import { type GraphileOptions, leaveGraphile, runGraphile, type Started, stopGraphile } from './graphile.ts'
import { nameTasks } from './name-tasks.ts'
import { aborted, backOff, pause } from './pause.ts'
import { openSession, type Session } from './session.ts'
import { SWEEPS_CHANNEL, type Sweeper } from './sweeper.ts'
import { nameOfError, type Tell } from './tell.ts'

class WorkerStalled extends Error {
  override readonly name = 'WorkerStalled'
}

export interface LifeOptions extends GraphileOptions {
  readonly unlock: { readonly every: number; readonly grace: number }
  readonly sweeper: Sweeper
  readonly tell: Tell
}

/**
 * Works until stopped. Graphile-worker outlives a database that is away, but ends itself (or stalls while it does) when it
 * cannot write down how a job ended, and does not start without a database: then it is started anew, with growing pauses.
 */
export async function keepLiving(options: LifeOptions, stopping: AbortSignal): Promise<void> {
  for (let failures = 0; !stopping.aborted; failures++) {
    const began = performance.now()
    try {
      await liveOnce(options, stopping)
    } catch (error) {
      options.tell.log('jobs: the worker ended and is started again', { error: nameOfError(error) })
    }
    if (performance.now() - began > 10_000) failures = 0
    await pause(backOff(failures), stopping)
  }
}

async function liveOnce(options: LifeOptions, stopping: AbortSignal) {
  const over = new AbortController()
  const ready = Promise.withResolvers<void>()
  let runner: Runner | undefined
  let life: (Started & { session: Session; unlocking: Unlocking }) | undefined
  try {
    await nameTasks(options.connectionString, Object.keys(options.tasks))
    runner = await runGraphile(options, (started) => {
      const session = sessionOf(started, { options, stopping })
      // Before its lock is held others would take this pool for dead.
      session.hold(started.workerPool.id, () => {
        ready.resolve()
        unlocking.lookNow()
      })
      const unlocking = startUnlocking({ ...options.unlock, ...started, tell: options.tell }, over.signal)
      life = { ...started, session, unlocking }
      return ready.promise
    })
    if (!life) return
    const { stalled } = life
    await Promise.race([runner.promise, aborted(stopping), aborted(stalled)])
    if (!stopping.aborted) {
      if (stalled.aborted) throw new WorkerStalled('the worker does not come to an end')
      return
    }
    const stopped = stopGraphile(runner, life.workerPool, options.stopSeconds)
    // A worker that still waits for the lock goes on, and finds that it is stopped.
    ready.resolve()
    await Promise.all([stopped, options.sweeper.settled(options.stopSeconds)])
  } finally {
    over.abort()
    await life?.unlocking.ended
    await life?.session.close()
    if (runner && life?.stalled.aborted) await leaveGraphile(runner)
  }
}

function sessionOf({ withPgClient }: Started, context: { options: LifeOptions; stopping: AbortSignal }): Session {
  const { sweeper, tell } = context.options
  const session = openSession({
    withPgClient,
    channel: SWEEPS_CHANNEL,
    onNotification: () => sweeper.runNow(),
    onLost: tell.onConnectionLost,
  })
  session.hold('sweeps', (lost) => sweeper.lead(AbortSignal.any([lost, context.stopping])))
  return session
}
