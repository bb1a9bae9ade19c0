import { type Sweep, sweep } from '@strongroom/jobs'
import { type Database, type Query, sql } from '@strongroom/storage'

export interface RetentionDeps {
  readonly database: Database
  /** What is kept of transactions that have ended, in seconds. */
  readonly keptSeconds: number
  /** Queries for the ids, as texts, of transactions that somebody asks for still. */
  readonly references: readonly Query[]
}

const HOUR = 3600
const AT_ONCE = 500

/**
 * Forgets what ended long ago, with the bytes that were sent for it, unless it is referred to. What is queued or out has not
 * ended, and a nonce that was given is remembered by its relayer.
 */
const forget: Sweep<RetentionDeps> = sweep<RetentionDeps>()({
  name: 'chains.forget',
  every: HOUR,
  async run({ database, keptSeconds, references }, signal) {
    const past = sql`strongroom.now() - make_interval(secs => ${keptSeconds})`
    const isFree = references
      .map((named) => sql`not exists (select from (${named}) as r (id) where r.id = t.id::text)`)
      .reduce((all, one) => sql`${all} and ${one}`, sql`true`)
    const sent = sql`
      with old as (
        select t.id from chains.transactions as t
         where t.state in ('succeeded', 'failed', 'refused') and t.ended_at < ${past} and ${isFree}
         order by t.ended_at limit ${AT_ONCE}
      ), bytes as (
        delete from chains.sendings as s using old where s.transaction_id = old.id
      )
      delete from chains.transactions as t using old where t.id = old.id`
    const sentOnFlow = sql`
      with old as (
        select t.id from chains.flow_transactions as t
         where t.state in ('succeeded', 'failed', 'refused') and t.ended_at < ${past} and ${isFree}
         order by t.ended_at limit ${AT_ONCE}
      ), attempts as (
        delete from chains.flow_attempts as a using old where a.transaction_id = old.id
      )
      delete from chains.flow_transactions as t using old where t.id = old.id`
    for (const statement of [sent, sentOnFlow]) while (!signal.aborted && (await database.run(statement)) === AT_ONCE);
    // A day is settled by receipts of its transactions, which are gone by now.
    await database.run(sql`delete from chains.spending where day < (${past} - interval '1 day')::date`)
    await database.run(sql`delete from chains.flow_spending where day < (${past} - interval '1 day')::date`)
  },
})

/** To be mounted once, beside the work of the chains. */
export const retentionWork = (deps: RetentionDeps) => ({ jobs: [], sweeps: [forget], deps })
