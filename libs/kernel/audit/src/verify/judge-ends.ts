import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { FirstBad } from './fault.ts'
import type { Progress } from './walk-chain.ts'

const named = z.object({ position: z.string().nullable(), eventId: z.string().nullable() })

/** The database has a head beyond its own chain. */
export async function findOwnHeadBeyond(statements: Statements, { position }: Progress): Promise<number | undefined> {
  const found = await statements.maybe(
    z.object({ position: z.string() }),
    sql`select position::text from audit.heads where position > ${position} order by audit.heads.position limit 1`,
  )
  return found && Number(found.position)
}

/**
 * What the chain itself cannot tell: entries that no link covers, and what waited for too long when the verification
 * began (`deadline`, seconds since 1970 as PostgreSQL writes them).
 */
export async function judgeEnds(
  statements: Statements,
  { position: walked, lastHead }: Progress,
  deadline: string,
): Promise<FirstBad | undefined> {
  const before = sql`to_timestamp(${deadline}::numeric)`
  // An entry of a transaction that a mark called settled can only have been written behind the linking's back.
  const unlinked = await statements.maybe(
    z.object({ eventId: z.string(), behind: z.boolean() }),
    sql`
    with mark as (select max(settled) as settled from audit.marks
                   where cluster = (select system_identifier::text from pg_control_system()))
    select id::text as "eventId", coalesce(xid < (select settled from mark), false) as behind
      from audit.events as e
     where not exists (select from audit.links where event_id = e.id)
       and (at < ${before} or xid < (select settled from mark))
     order by e.id limit 1`,
  )
  if (unlinked) return { what: unlinked.behind ? 'inserted' : 'unlinked-too-long', eventId: unlinked.eventId }

  const unsigned = await statements.maybe(
    named,
    sql`
    select l.position::text, l.event_id::text as "eventId" from audit.links as l join audit.events as e on e.id = l.event_id
     where l.position > coalesce((select max(position) from audit.heads), 0) and e.at < ${before}
     order by l.position limit 1`,
  )
  if (unsigned) return { what: 'unsigned-too-long', position: Number(unsigned.position), ...eventOf(unsigned) }

  const unsent = await statements.maybe(
    named,
    sql`
    select position::text, null as "eventId" from audit.heads
     where position > ${lastHead?.position ?? 0} and at < ${before} order by audit.heads.position limit 1`,
  )
  if (unsent) return { what: 'head-missing', position: Number(unsent.position) }
  return findHidden(statements, walked)
}

/** Constraints dropped, an entry can be there twice, or its link at a position below the first: the walk sees neither. */
async function findHidden(statements: Statements, walked: number): Promise<FirstBad | undefined> {
  const { count } = await statements.one(
    z.object({ count: z.string() }),
    sql`
    select count(*)::text from audit.events as e join audit.links as l on l.event_id = e.id where l.position <= ${walked}`,
  )
  return count === String(walked) ? undefined : { what: 'inserted' }
}

const eventOf = ({ eventId }: z.output<typeof named>) => (eventId === null ? {} : { eventId })
