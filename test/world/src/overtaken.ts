import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Connection } from '@strongroom/postgres'

export interface Overtaking<Answer> {
  readonly adminUrl: string
  /** SQL that others wait for: a lock, or what is written already and not committed yet. */
  readonly hold: string
  /** By which the waiting one is known among several: a table that its transaction has touched, with its schema. */
  readonly touching?: string
  readonly ask: () => Promise<Answer>
  /** SQL that is done while it waits. */
  readonly change?: string
}

const LOOK_MS = 10

/**
 * A request, or a job, between two of whose statements somebody else's transaction commits: no clock decides the order. It
 * must come to wait for `hold`.
 */
export async function overtaken<Answer>(overtaking: Overtaking<Answer>): Promise<Answer> {
  const { adminUrl, hold, touching, ask, change } = overtaking
  const holder = await connect(adminUrl)
  const looking = await connect(adminUrl)
  try {
    await holder.query('begin')
    await holder.query(hold)
    const answer = ask()
    await untilItWaits({ looking, holder, ...(touching !== undefined && { touching }) }, answer)
    if (change !== undefined) await holder.query(change)
    await holder.query('commit')
    return await answer
  } finally {
    await Promise.all([holder.end(), looking.end()])
  }
}

interface Waiting {
  readonly looking: Connection
  readonly holder: Connection
  readonly touching?: string
}

async function untilItWaits({ looking, holder, touching }: Waiting, answer: Promise<unknown>): Promise<void> {
  const [own] = await holder.query('select pg_backend_pid() as pid')
  let answered: unknown
  const note = () => (answered = new Error('it was answered, and waited for nothing'))
  answer.then(note, note)
  for (;;) {
    const waiting = await looking.query(
      `select from pg_locks as w
        where not w.granted and $1::int = any (pg_blocking_pids(w.pid))
          and ($2::regclass is null or exists (select from pg_locks as t where t.pid = w.pid and t.relation = $2::regclass))
        limit 1`,
      [own?.['pid'], touching ?? null],
    )
    if (waiting.length > 0) return
    if (answered) throw answered
    await delay(LOOK_MS)
  }
}
