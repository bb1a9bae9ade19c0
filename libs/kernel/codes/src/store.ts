import { column, type Query, readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { CodePolicy } from './policy.ts'

export const codeMigrations = readMigrations('codes', new URL('../migrations/', import.meta.url), {
  codes: ['select', 'insert', 'update', 'delete'],
})

export interface CodeWish {
  readonly subject: string
  readonly group: string
  /** What the code will be good for; it is good for nothing else. */
  readonly purpose: string
}

/** Asked for at once, two requests would both find room: they queue up here, by group. */
export const queueRequests = ({ kind }: CodePolicy, { group }: CodeWish): Query =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`codes/${kind}/${group}`}, 0))`

const counted = z.object({ until: column.instant.nullable() })

/** When the next code may be asked for, if not now. */
export const findRefusal = async (
  tx: Statements,
  { kind, live, lifetime, sends }: CodePolicy,
  { subject, group }: CodeWish,
): Promise<Date | undefined> => {
  const limits = [
    ...sends.flatMap(({ most, window }) => [
      newest('subject', { kind, of: subject, most, window }),
      newest('group', { kind, of: group, most, window }),
    ]),
    oldestLive({ kind, subject, live, lifetime }),
  ]
  const untils: Date[] = []
  // One after the other: a connection takes one statement at a time.
  for (const query of limits) {
    const until = (await tx.maybe(counted, query))?.until
    if (until) untils.push(until)
  }
  return untils.length > 0 ? new Date(Math.max(...untils.map((until) => until.getTime()))) : undefined
}

interface Counting {
  readonly kind: string
  readonly of: string
  readonly most: number
  readonly window: number
}

/** The `most`-th newest request within the window: when it leaves the window, there is room again. */
const newest = (by: 'subject' | 'group', { kind, of, most, window }: Counting) => sql`
    select requested_at + make_interval(secs => ${window}) as until
      from codes.codes
     where kind = ${kind} and ${by === 'subject' ? sql`subject` : sql`"group"`} = ${of}
       and requested_at > strongroom.now() - make_interval(secs => ${window})
     order by requested_at desc offset ${most - 1} limit 1`

const oldestLive = ({
  kind,
  subject,
  live,
  lifetime,
}: {
  kind: string
  subject: string
  live: number
  lifetime: number
}) => sql`
    select coalesce(expires_at, requested_at + make_interval(secs => ${lifetime})) as until
      from codes.codes
     where kind = ${kind} and subject = ${subject} and used_at is null
       and coalesce(expires_at, requested_at + make_interval(secs => ${lifetime})) > strongroom.now()
     order by 1 desc offset ${live - 1} limit 1`

const inserted = z.object({ id: z.uuid() })

export const insertCode = (tx: Statements, { kind }: CodePolicy, { subject, group, purpose }: CodeWish) =>
  tx.one(
    inserted,
    sql`insert into codes.codes (kind, subject, "group", purpose) values (${kind}, ${subject}, ${group}, ${purpose}) returning id`,
  )

const requested = z.object({ subject: z.string(), purpose: z.string() })

/** A code that was asked for and is still worth sending. */
export const findRequested = (statements: Statements, { kind, lifetime }: CodePolicy, codeId: string) =>
  statements.maybe(
    requested,
    sql`select subject, purpose from codes.codes
         where id = ${codeId} and kind = ${kind} and used_at is null
           and requested_at > strongroom.now() - make_interval(secs => ${lifetime})`,
  )

/** The code is alive from here on, and counts the guesses from here on. */
export const bringToLife = (
  statements: Statements,
  { kind, lifetime }: CodePolicy,
  { codeId, mac }: { codeId: string; mac: Uint8Array },
) =>
  statements.run(sql`
    update codes.codes as c
       set mac = ${mac}, expires_at = strongroom.now() + make_interval(secs => ${lifetime}),
           after_guess = coalesce((select charged from guesses.budgets b where b.kind = ${kind} and b.subject = c.subject), 0)
     where id = ${codeId} and used_at is null`)

const live = z.object({ id: z.uuid(), mac: column.bytes })

/** The codes that a guess of this number may fit. */
export const findLive = (
  statements: Statements,
  { kind, tries, live: most }: CodePolicy,
  { subject, purpose, guess }: { subject: string; purpose: string; guess: number },
) =>
  statements.many(
    live,
    sql`select id, mac from codes.codes
         where kind = ${kind} and subject = ${subject} and purpose = ${purpose} and used_at is null
           and expires_at > strongroom.now() and ${guess} - after_guess between 1 and ${tries}
         order by requested_at desc limit ${most}`,
  )

/** True for the one that uses the code up, in its own transaction; false where another was first. */
export const useCode = async (tx: Statements, codeId: string): Promise<boolean> =>
  (await tx.run(sql`update codes.codes set used_at = strongroom.now() where id = ${codeId} and used_at is null`)) === 1

/** With a subject go the codes that it was sent. */
export const dropCodes = (tx: Statements, { kind }: CodePolicy, subject: string): Promise<number> =>
  tx.run(
    sql`update codes.codes set used_at = strongroom.now() where kind = ${kind} and subject = ${subject} and used_at is null`,
  )

/** What the longest window no longer counts. */
export const sweepCodes = (statements: Statements, { kind, sends, lifetime }: CodePolicy): Promise<number> =>
  statements.run(sql`
    delete from codes.codes
     where kind = ${kind}
       and requested_at < strongroom.now() - make_interval(secs => ${Math.max(lifetime, ...sends.map(({ window }) => window))})`)
