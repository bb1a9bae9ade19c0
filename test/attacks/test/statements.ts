import type { AppOnCluster } from './app-on-cluster.ts'

export const traced = `
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = 'all'
`

/**
 * What the server executed on the way, statement by statement, begin and commit included: how often, and whether it
 * wrote. Reads write as well now and then, when they clean up, so that of them it is not told. That a process is there, it
 * reports by the clock, whoever asks it anything.
 */
export async function traceOf(app: AppOnCluster, act: () => Promise<unknown>): Promise<string[]> {
  await app.sql('create extension if not exists pg_stat_statements; select pg_stat_statements_reset()')
  await act()
  const found = await app.sql(`
    select calls, wal_records > 0 as wrote, toplevel, regexp_replace(query, '\\s+', ' ', 'g') as query
      from pg_stat_statements
     where userid = 'attacked_app'::regrole and query not like '%keystore.replicas%' order by query, toplevel`)
  return found.map(({ calls, wrote, toplevel, query }) => {
    const isRead = /^select/i.test(String(query)) && !/ update /i.test(String(query))
    return `${String(calls)} × ${toplevel === true ? '' : '(inside) '}${!isRead && wrote === true ? 'writing ' : ''}${String(query)}`
  })
}
