import { connect } from '@strongroom/postgres'
import type { TestApp } from '@strongroom/test-world'
import { expect, inject } from 'vitest'

export interface Hold extends AsyncDisposable {
  /** Waits until a statement of that kind stands before our lock. */
  caught(statement: string): Promise<void>
  release(): Promise<void>
}

/** Takes a lock (`lock table codes.codes in share mode`) so that the app stands still exactly before what needs it. */
export async function hold({ database }: Pick<TestApp, 'database'>, lock: string): Promise<Hold> {
  // The superuser: nobody else sees the statements of others.
  const url = new URL(inject('postgres'))
  url.pathname = `/${database.name}`
  const connection = await connect(url.href)
  // Another connection: a transaction sees the activity of others as it was when it first looked.
  const watcher = await connect(url.href)
  const [{ pid } = { pid: 0 }] = await connection.query<{ pid: number }>('select pg_backend_pid() as pid')
  await connection.query('begin')
  await connection.query(lock)
  let held = true
  const release = async () => {
    if (!held) return
    held = false
    await connection.query('rollback')
    await Promise.all([connection.end(), watcher.end()])
  }
  const waiting = `
    select from pg_stat_activity
     where $1 = any(pg_blocking_pids(pid)) and position($2 in lower(regexp_replace(query, '\\s+', ' ', 'g'))) > 0`
  return {
    caught: (statement) =>
      expect
        .poll(async () => (await watcher.query(waiting, [pid, statement])).length, { interval: 20 })
        .toBeGreaterThan(0),
    release,
    [Symbol.asyncDispose]: release,
  }
}
