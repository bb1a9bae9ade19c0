import { appendEvent, type EventKind } from '@strongroom/audit'
import { column, type Query, readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { lockArmed, lockCancelled, lockDone, lockLapsed } from './events.ts'
import type { Lock, LockPolicy } from './policy.ts'
import type { DrawnLock } from './stamp.ts'

export const timeLockMigrations = readMigrations('time_locks', new URL('../migrations/', import.meta.url), {
  locks: ['select', 'insert', 'update', 'delete'],
  notices: ['select', 'insert', 'update', 'delete'],
  cancel_links: ['select', 'insert', 'update', 'delete'],
  contests: ['select', 'insert', 'update', 'delete'],
})

const lockRow = z.object({
  id: z.uuid(),
  subject: z.string(),
  holder: z.string(),
  opensAt: column.instant,
  lapsesAt: column.instant,
  open: z.boolean(),
  contested: z.boolean(),
  stamp: column.bytes.nullable(),
})

const columns = sql`id, subject, holder, opens_at as "opensAt", lapses_at as "lapsesAt", opens_at <= strongroom.now() as open, contested, stamp`
const isActive = sql`state = 'active' and lapses_at > strongroom.now()`

export interface Held {
  readonly subject: string
  readonly holder: string
}

/** The lock that this holder has on the subject, if it neither ended nor lapsed. */
export const findLock = (
  statements: Statements,
  { kind }: LockPolicy,
  { subject, holder }: Held,
): Promise<Lock | undefined> =>
  statements.maybe(
    lockRow,
    sql`select ${columns} from time_locks.locks
         where kind = ${kind} and subject = ${subject} and holder = ${holder} and ${isActive}`,
  )

/** As a boolean expression of a larger statement: whether anybody holds a lock on the subject. */
export const isLocked = ({ kind }: LockPolicy, subject: Query): Query =>
  sql`exists (select from time_locks.locks where kind = ${kind} and subject = ${subject} and state = 'active')`

/** As a boolean expression of a larger statement: whether the lock of that id is still there to be cancelled. */
export const isCancellable = (lockId: Query): Query =>
  sql`exists (select from time_locks.locks where id = ${lockId} and state = 'active')`

const isContested = ({ kind }: LockPolicy, subject: string): Query =>
  sql`exists (select from time_locks.contests where kind = ${kind} and subject = ${subject} and until > strongroom.now())`

/** Whether a lock of this kind that were armed on the subject now would be contested. */
export const isContestedNow = async (statements: Statements, policy: LockPolicy, subject: string): Promise<boolean> =>
  (await statements.one(z.object({ is: z.boolean() }), sql`select ${isContested(policy, subject)} as is`)).is

/** From now on, and for every lock that is armed within the policy's time, no holder alone completes. */
export const contestSubject = (tx: Statements, { kind, contest }: LockPolicy, subject: string): Promise<number> =>
  tx.run(sql`
    with waiting as (
      update time_locks.locks set contested = true where kind = ${kind} and subject = ${subject} and state = 'active'
    )
    insert into time_locks.contests (kind, subject, until)
    values (${kind}, ${subject}, strongroom.now() + make_interval(secs => ${contest}))
    on conflict (kind, subject) do update set until = greatest(contests.until, excluded.until)`)

/** The holder's lock was in the way and could not be read, each time: the caller may try again. */
export class LockContended extends Error {
  override readonly name = 'LockContended'
  readonly retryAfterSeconds = 1

  constructor() {
    super('a lock was neither armed nor found')
  }
}

const TRIES = 3

/**
 * Arms a lock of `drawLock`, unless its holder has one already: a second start shortens and prolongs nothing. Once more
 * where another request armed one that ended before it was read.
 */
export async function armLock(tx: Statements, policy: LockPolicy, drawn: DrawnLock): Promise<Lock> {
  for (let tried = 0; tried < TRIES; tried++) {
    await lapseLocks(tx, policy, drawn.subject)
    const lock = (await findLock(tx, policy, drawn)) ?? (await insertLock(tx, policy, drawn))
    if (lock) return lock
  }
  // One that has lapsed and that somebody holds still: it is waited for by nobody.
  throw new LockContended()
}

/** None where one that is active, or that nobody has ended yet, is in the way. */
const insertLock = (tx: Statements, policy: LockPolicy, drawn: DrawnLock): Promise<Lock | undefined> => {
  const { id, subject, holder, armedAt, opensAt, stamp } = drawn
  const { kind, window } = policy
  return tx.maybe(
    lockRow,
    sql`
    with lock as (
      insert into time_locks.locks (id, kind, subject, holder, armed_at, opens_at, lapses_at, contested, stamp)
      values (${id}, ${kind}, ${subject}, ${holder}, ${armedAt}, ${opensAt},
              ${opensAt}::timestamptz + make_interval(secs => ${window}), ${isContested(policy, subject)}, ${stamp})
      on conflict do nothing
      returning *
    ), noted as (
      insert into time_locks.notices (lock_id, event, due_at)
      select id, event, due
        from lock, lateral (values ('armed', armed_at), ('half-time', armed_at + (opens_at - armed_at) / 2), ('open', opens_at)) as n (event, due)
    ), logged as (${told(lockArmed, kind, { subject: sql`${subject}`, from: sql`lock` })})
    select ${columns} from lock`,
  )
}

type End = 'done' | 'cancelled'
const endEvents = { done: lockDone, cancelled: lockCancelled } as const

/** Ends one lock. False where it ended, or lapsed, before: then nothing may follow from it. */
export const endLock = async (
  tx: Statements,
  { kind }: LockPolicy,
  { lockId, as }: { lockId: string; as: End },
): Promise<boolean> => (await endWhere(tx, { kind, as, which: sql`id = ${lockId} and ${isActive}` })) === 1

/** Cancels every lock on the subject, whoever holds it; answers how many there were. */
export const cancelLocks = (tx: Statements, { kind }: LockPolicy, subject: string): Promise<number> =>
  endWhere(tx, { kind, as: 'cancelled', which: sql`kind = ${kind} and subject = ${subject} and state = 'active'` })

/** Locks whose window passed, of one subject or of all: at most a thousand at a time. */
export const lapseLocks = (statements: Statements, { kind }: LockPolicy, subject?: string): Promise<number> =>
  endWhere(statements, {
    kind,
    as: 'lapsed',
    which: sql`id in (select id from time_locks.locks
                       where kind = ${kind} and state = 'active' and lapses_at <= strongroom.now()
                         and (${subject ?? null}::text is null or subject = ${subject ?? null})
                       order by lapses_at limit 1000 for update skip locked)`,
  })

/**
 * Ends locks, drops what they would still have told, tells the end, and writes the event: one statement. The stamp goes
 * with the end, so that no later change of the row brings a lock back.
 */
const endWhere = (
  statements: Statements,
  { kind, as, which }: { kind: string; as: End | 'lapsed'; which: Query },
): Promise<number> =>
  statements
    .one(
      z.object({ ended: column.count }),
      sql`
    with lock as (
      update time_locks.locks set state = ${as}, stamp = null, ended_at = strongroom.now() where ${which} returning id, subject
    ), silenced as (
      delete from time_locks.notices where lock_id in (select id from lock) and claimed_at is null
    ), noted as (
      insert into time_locks.notices (lock_id, event, due_at) select id, ${as}, strongroom.now() from lock
    ), logged as (${told(as === 'lapsed' ? lockLapsed : endEvents[as], kind, { subject: sql`subject`, from: sql`lock` })})
    select count(*) as ended from lock`,
    )
    .then(({ ended }) => ended)

const told = (event: EventKind, kind: string, { subject, from }: { subject: Query; from: Query }): Query =>
  appendEvent(event, { subject, detail: sql`jsonb_build_object('kind', ${kind}::text, 'lock', id)`, from })

/**
 * The holder of an open lock could prove nothing until then: the window grows by that time, once, and the owner is told
 * again that it is open, so that nobody keeps a lock alive in silence.
 */
export const prolongBlocked = (
  statements: Statements,
  { kind }: LockPolicy,
  { subject, holder, until }: Held & { until: Date },
) =>
  statements.run(sql`
    with lock as (
      update time_locks.locks
         set lapses_at = lapses_at + (${until}::timestamptz - greatest(strongroom.now(), blocked_until)), blocked_until = ${until}
       where kind = ${kind} and subject = ${subject} and holder = ${holder} and ${isActive}
         and opens_at <= strongroom.now() and greatest(strongroom.now(), blocked_until) < ${until}::timestamptz
      returning id
    )
    insert into time_locks.notices (lock_id, event, due_at) select id, 'open', strongroom.now() from lock`)

/** The lock of that id, if it neither ended nor lapsed. */
export const readLock = (statements: Statements, lockId: string): Promise<Lock | undefined> =>
  statements.maybe(lockRow, sql`select ${columns} from time_locks.locks where id = ${lockId} and ${isActive}`)

/** The same; nobody else changes it before the transaction ends. */
export const holdLock = (tx: Statements, lockId: string): Promise<Lock | undefined> =>
  tx.maybe(lockRow, sql`select ${columns} from time_locks.locks where id = ${lockId} and ${isActive} for update`)
