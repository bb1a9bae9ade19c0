import { z } from 'zod'
import { job } from './job.ts'

/** Work at a fixed interval, such as enqueueing what is due in a domain's own table. */
export interface Sweep<in Deps> {
  /** Dotted kebab-case. */
  readonly name: string
  /** Seconds from one start to the next; a run that takes longer is followed at once. */
  readonly every: number
  /** `signal` is aborted when another process may take over, and when this one stops. */
  run(deps: Deps, signal: AbortSignal): Promise<void>
}

/** Declares a sweep: `sweep<Deps>()({ name: 'time-locks.enqueue-due', every: 5, run: async ({ database }) => ... })`. */
export const sweep =
  <Deps>() =>
  (declared: Sweep<Deps>): Sweep<Deps> =>
    declared

/** Enqueue it to have every sweep run at once, such as after the clock of a development world was shifted. */
export const runSweepsNow = job({ name: 'sweeps.run', payload: z.object({}) })
