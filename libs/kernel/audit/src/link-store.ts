import { column, sql, type Statements, type Tx } from '@strongroom/storage'
import { z } from 'zod'
import { type ChainOwner, type Entry, genesisOf, linkHash } from './chain.ts'

const BATCH = 1000

/** Where a sweep begins and how far it may claim to have come. Transaction ids as decimal text. */
const horizon = z.object({ settled: z.string(), horizon: z.string(), cluster: z.string(), at: z.string() })
export type Horizon = z.output<typeof horizon>

/** A place in the order of linking: by transaction, then by id. */
export interface Cursor {
  readonly xid: string
  readonly id: string
}

export const startAt = (xid: string): Cursor => ({ xid, id: '-9223372036854775808' })

/**
 * Every transaction below `horizon` has ended: its events are visible or will never be. So what a finished sweep saw
 * before it is `settled`, and only events from there on are looked at again; a late commit is always among them.
 * By id alone it would be unsound: an id is taken before its transaction can be seen to run.
 */
export const readHorizon = (database: Statements): Promise<Horizon> =>
  // In another cluster, as after a dump was restored, transaction ids begin anew: everything is looked at once more.
  database.one(
    horizon,
    sql`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon, system_identifier::text as cluster,
           strongroom.now()::text as at,
           coalesce((select case when cluster = system_identifier::text then settled::text end
                       from audit.marks order by id desc limit 1), '0') as settled
      from pg_control_system()`,
  )

/** Moves the mark after a sweep that saw everything; writes nothing where that would save no later sweep a look. */
export const markSettled = (database: Statements, { settled, horizon: seen, cluster, at }: Horizon): Promise<number> =>
  database.run(sql`
    insert into audit.marks (position, settled, cluster, at)
    select coalesce((select max(position) from audit.links), 0), ${seen}::xid8, ${cluster}, ${at}
     where exists (select from audit.events where xid >= ${settled}::xid8 and xid < ${seen}::xid8)`)

const unlinked = z.object({
  id: z.string(),
  at: z.string(),
  event: z.string(),
  subject: z.string(),
  detail: z.string(),
  xid: z.string(),
})
const tip = z.object({ position: column.count, hash: column.bytes })

/**
 * Links the next events after the cursor that are not linked yet; in a transaction of its own. `undefined`: another
 * process is at it. `next` is missing when nothing was left.
 */
export async function linkBatch(
  tx: Tx,
  owner: ChainOwner,
  { xid, id }: Cursor,
): Promise<{ linked: number; next?: Cursor } | undefined> {
  const { mine } = await tx.one(
    z.object({ mine: z.boolean() }),
    sql`select pg_try_advisory_xact_lock(hashtextextended('strongroom.audit.links', 0)) as mine`,
  )
  if (!mine) return undefined
  const last = await tx.maybe(tip, sql`select position, hash from audit.links order by position desc limit 1`)
  // A scalar subquery, because a join would be planned as a scan of all links.
  const events = await tx.many(
    unlinked,
    sql`
    select id::text, extract(epoch from at)::text as at, event, subject, detail::text, xid::text
      from audit.events as e
     where (xid, id) > (${xid}::xid8, ${id}::bigint)
       and (select event_id from audit.links where event_id = e.id) is null
     order by e.xid, e.id
     limit ${BATCH}`,
  )
  const end = events.at(-1)
  if (!end) return { linked: 0 }
  const hashes = chainOn(last?.hash ?? genesisOf(owner), events)
  await tx.run(sql`
    insert into audit.links (position, event_id, hash)
    select ${last?.position ?? 0}::bigint + n, event_id, hash
      from unnest(${events.map((event) => event.id)}::bigint[], ${hashes}::bytea[]) with ordinality as new (event_id, hash, n)`)
  return { linked: events.length, ...(events.length === BATCH && { next: { xid: end.xid, id: end.id } }) }
}

function chainOn(previous: Uint8Array, entries: readonly Entry[]): Uint8Array[] {
  let hash = previous
  return entries.map((entry) => Buffer.from((hash = linkHash(hash, entry))))
}
