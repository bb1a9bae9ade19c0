import { connect } from '@strongroom/postgres'
import type { TestApp } from '@strongroom/test-world'
import { inject } from 'vitest'
import { eventually } from './eventually.ts'

export interface Hold extends AsyncDisposable {
  /** Waits until a statement of that kind stands before our lock. */
  caught(statement: string): Promise<void>
  release(): Promise<void>
}

/** Takes a lock on a table, so that the app stands still exactly before what writes there. */
export async function holdTable({ database }: TestApp, table: string): Promise<Hold> {
  // The superuser: nobody else sees the statements of others.
  const url = Object.assign(new URL(inject('postgres')), { pathname: `/${database.name}` }).href
  const [holder, watcher] = await Promise.all([connect(url), connect(url)])
  const [{ pid } = { pid: 0 }] = await holder.query<{ pid: number }>('select pg_backend_pid() as pid')
  await holder.query('begin')
  await holder.query(`lock table ${table} in share mode`)
  const waiting = `
    select from pg_stat_activity
     where $1 = any(pg_blocking_pids(pid)) and position($2 in lower(regexp_replace(query, '\\s+', ' ', 'g'))) > 0`
  let isHeld = true
  const release = async () => {
    if (!isHeld) return
    isHeld = false
    await holder.query('rollback')
    await Promise.all([holder.end(), watcher.end()])
  }
  return {
    caught: (statement) =>
      eventually(`"${statement}" stands before the lock`, async () => {
        return (await watcher.query(waiting, [pid, statement])).length > 0
      }),
    release,
    [Symbol.asyncDispose]: release,
  }
}
