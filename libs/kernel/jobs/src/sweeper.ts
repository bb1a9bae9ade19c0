import { isOutage } from '@strongroom/http'
import type { MountedSweep } from './mount.ts'
import { pause, settlesWithin } from './pause.ts'
import { failureOf, type Tell } from './tell.ts'

/** Told when `sweeps.run` was performed; the leader listens. */
export const SWEEPS_CHANNEL = 'strongroom:sweeps'

export interface Sweeper {
  /** Runs every sweep at once and then at its interval, until the lead is lost. */
  lead(lost: AbortSignal): void
  /** Runs every sweep at once where this process leads; one that runs already is followed by another. */
  runNow(): void
  /** When no sweep of this process runs any more, or after so many seconds. */
  settled(seconds: number): Promise<void>
}

export function openSweeper(sweeps: readonly MountedSweep[], tell: Tell): Sweeper {
  let asked = new AbortController()
  let running: Promise<unknown> = Promise.resolve()

  /** Answers with the seconds until the next run. */
  const runOnce = async (sweep: MountedSweep, lost: AbortSignal) => {
    const { name, every } = sweep
    const started = performance.now()
    try {
      await sweep.run(lost)
    } catch (error) {
      tell.onSweepFailed({ name, ...failureOf(error) })
      if (isOutage(error)) return Math.min(every, error.retryAfterSeconds)
    }
    return every - (performance.now() - started) / 1000
  }
  const keepSweeping = async (one: MountedSweep, lost: AbortSignal) => {
    while (!lost.aborted) {
      // Taken before the run: whoever asks while it runs is not served by it.
      const again = asked.signal
      const seconds = await runOnce(one, lost)
      await pause(Math.max(0, seconds) * 1000, AbortSignal.any([lost, again]))
    }
  }
  return {
    lead(lost) {
      // A run of an earlier lead may not have heard yet that it ended.
      running = running.then(() => Promise.all(sweeps.map((one) => keepSweeping(one, lost))))
    },
    runNow() {
      asked.abort()
      asked = new AbortController()
    },
    async settled(seconds) {
      await settlesWithin(seconds * 1000, running)
    },
  }
}
