import type { AppOnCluster } from './app-on-cluster.ts'

/** Without a checkpoint on the way: whoever first looks at a page after one writes it, so that of two alike one would write. */
export const traced = `
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = 'all'
checkpoint_timeout = '1h'
`

/**
 * What the server executed on the way, statement by statement, begin and commit included: how often, and whether it
 * wrote. Reads write as well now and then, when they clean up, so that of them it is not told. That a process is there, it
 * reports by the clock, whoever asks it anything.
 */
export async function traceOf(app: Pick<AppOnCluster, 'sql'>, act: () => Promise<unknown>): Promise<string[]> {
  await app.sql('create extension if not exists pg_stat_statements')
  const before = new Map((await countersOf(app)).map((counter) => [counter.statement, counter]))
  await act()
  return (await countersOf(app)).flatMap((after) => {
    const { calls, records } = before.get(after.statement) ?? { calls: 0, records: 0 }
    return after.calls > calls
      ? [lineOf({ ...after, calls: after.calls - calls, records: after.records - records })]
      : []
  })
}

interface Counter {
  readonly statement: string
  readonly calls: number
  /** What it wrote into the write-ahead log. */
  readonly records: number
  readonly toplevel: boolean
  readonly query: string
}

/**
 * Counters that only grow, never reset: a text is kept from when it was first seen, its constants as `$17`. After a reset it
 * would be seen anew, and with `null::int` in its place wherever the pool's connection had prepared it before.
 */
async function countersOf(app: Pick<AppOnCluster, 'sql'>): Promise<Counter[]> {
  const [forgotten] = await app.sql('select dealloc::int as statements from pg_stat_statements_info')
  if (forgotten?.['statements'] !== 0) throw new Error('The server forgot statements: a trace would lack them.')
  return (await app.sql(`
    select concat_ws(' ', dbid, queryid, toplevel) as statement, calls::int, wal_records::int as records, toplevel,
           regexp_replace(query, '\\s+', ' ', 'g') as query
      from pg_stat_statements
     where userid = 'attacked_app'::regrole and query not like '%keystore.replicas%'
     order by query, toplevel, queryid`)) as unknown as Counter[]
}

function lineOf({ calls, records, toplevel, query }: Counter): string {
  const isRead = /^select/i.test(query) && !/ update /i.test(query)
  return `${String(calls)} × ${toplevel ? '' : '(inside) '}${!isRead && records > 0 ? 'writing ' : ''}${query}`
}
