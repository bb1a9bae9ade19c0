import { type Query, sql, type Statements } from '@strongroom/storage'
import type { z } from 'zod'
import { type IdsShape, type JobKind, payloadOf } from './job.ts'

export interface EnqueueOptions {
  /**
   * At most one job with this key waits: enqueueing again replaces the payload of one that waits, and adds a new one
   * beside one that runs already. Letters, digits and `_.:-`; it is stored like a payload.
   */
  readonly key?: string
}

/** Adds a job in the caller's transaction: both or neither. It runs at least once, so what it does must bear repeating. */
export async function enqueue<Ids extends IdsShape>(
  tx: Statements,
  kind: JobKind<Ids>,
  ...work: [payload: z.input<Ids>, options?: EnqueueOptions]
): Promise<void> {
  await tx.run(sql`select ${addJob(kind, ...work)}`)
}

/** The same as an expression inside a larger statement: `` sql`select ${addJob(kind, payload)} from changed` ``. */
export const addJob = <Ids extends IdsShape>(
  kind: JobKind<Ids>,
  payload: z.input<Ids>,
  { key }: EnqueueOptions = {},
): Query => sql`
    graphile_worker.add_job(${kind.name}::text, ${payloadOf(kind, payload)}::json,
                            max_attempts => ${kind.attempts}::int, job_key => ${key ?? null}::text)`

/**
 * One job for each row of `from`, a relation of a larger statement, at once: an expression that answers with how many.
 * `payload` is a json expression over those rows, whose shape is judged when the job runs; `key` a text expression, in
 * which no two of the rows agree.
 */
export const addJobs = (
  { name, attempts }: JobKind,
  { from, payload, key = sql`null` }: { from: Query; payload: Query; key?: Query },
): Query => sql`
    (select count(*) from graphile_worker.add_jobs(array(
       select (${name}::text, (${payload})::json, null, null, ${attempts}::int, (${key})::text, null, null)::graphile_worker.job_spec
         from ${from})))`
