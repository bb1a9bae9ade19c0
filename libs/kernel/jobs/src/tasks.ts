import type { TaskList } from 'graphile-worker'
import type { MountedJob } from './mount.ts'
import { runSweepsNow } from './sweep.ts'
import { SWEEPS_CHANNEL } from './sweeper.ts'
import { failureOf, nameOfError, type Tell } from './tell.ts'

/** Mounted jobs as graphile-worker takes them, and the one kind of our own. */
export const tasksOf = (jobs: readonly MountedJob[], tell: Tell): TaskList => ({
  ...Object.fromEntries(jobs.map((one) => [one.kind.name, taskOf(one, tell)])),
  [runSweepsNow.name]: async (_payload, helpers) => {
    await helpers.query('select pg_notify($1, $2)', [SWEEPS_CHANNEL, ''])
  },
})

const taskOf =
  (mounted: MountedJob, tell: Tell): NonNullable<TaskList[string]> =>
  async (payload: unknown, { job, abortSignal }) => {
    const { id, attempts: number, max_attempts: of } = job
    const kind = mounted.kind.name
    const started = performance.now()
    try {
      await mounted.perform(payload, { id, number, of, signal: abortSignal })
    } catch (error) {
      tell.onFailed({ kind, id, attempt: number, attempts: of, parked: number >= of, ...failureOf(error) })
      // graphile-worker stores the message of what is thrown here, and logs what it carries.
      // oxlint-disable-next-line eslint/preserve-caught-error
      throw new Error(nameOfError(error))
    }
    tell.onPerformed({ kind, id, attempt: number, seconds: (performance.now() - started) / 1000 })
  }
