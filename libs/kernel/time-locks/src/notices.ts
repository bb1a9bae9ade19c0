import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { DueNotice, LockPolicy } from './policy.ts'

const dueNotice = z.object({
  lockId: z.uuid(),
  subject: z.string(),
  holder: z.string(),
  event: z.enum(['armed', 'half-time', 'open', 'done', 'cancelled', 'lapsed']),
  opensAt: column.instant,
  active: z.boolean(),
})

/**
 * Takes notices that are due, in the transaction that makes messages of them: each is told once. Those of one process
 * do not wait for those of another.
 */
export const claimNotices = (tx: Statements, { kind }: LockPolicy, most: number): Promise<DueNotice[]> =>
  tx.many(
    dueNotice,
    sql`
    with due as (
      select n.id
        from time_locks.notices as n join time_locks.locks as l on l.id = n.lock_id and l.kind = ${kind}
       where n.claimed_at is null and n.due_at <= strongroom.now()
       order by n.due_at limit ${most}
         for update of n skip locked
    ), claimed as (
      update time_locks.notices as n set claimed_at = strongroom.now() from due where n.id = due.id
      returning n.lock_id, n.event, n.due_at
    )
    select l.id as "lockId", l.subject, l.holder, c.event, l.opens_at as "opensAt", l.state = 'active' as active
      from claimed as c join time_locks.locks as l on l.id = c.lock_id
     order by c.due_at`,
  )

/** Forgets locks that ended longer ago than that, with their notices and links. */
export const sweepLocks = (statements: Statements, { kind }: LockPolicy, seconds: number): Promise<number> =>
  statements.run(sql`
    delete from time_locks.locks
     where id in (select id from time_locks.locks
                   where kind = ${kind} and state <> 'active' and ended_at < strongroom.now() - make_interval(secs => ${seconds})
                   limit 1000)`)
