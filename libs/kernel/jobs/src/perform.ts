import type { z } from 'zod'
import type { IdsShape, JobKind } from './job.ts'

/** One try at a job. */
export interface Attempt {
  readonly id: string
  /** 1 for the first. */
  readonly number: number
  /** How many there will be. */
  readonly of: number
  /** Aborted when the process stops and will not wait much longer. */
  readonly signal: AbortSignal
}

export interface JobHandler<in Deps> {
  readonly kind: JobKind
  perform(payload: never, deps: Deps, attempt: Attempt): Promise<void>
}

/**
 * Performs a kind of job: `perform<Deps>()(sendNotice, async ({ lockId }, { database }, attempt) => ...)`. Any throw, an
 * outage or a bug, is tried again later. The same job may run twice, even at the same time after a lost connection.
 */
export const perform =
  <Deps>() =>
  <Ids extends IdsShape>(
    kind: JobKind<Ids>,
    work: (payload: z.output<Ids>, deps: Deps, attempt: Attempt) => Promise<void>,
  ): JobHandler<Deps> => ({ kind, perform: work })
