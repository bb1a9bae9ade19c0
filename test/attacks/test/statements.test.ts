import { connect, identifier } from '@strongroom/postgres'
import { type Database, openDatabase, sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppOnCluster } from './app-on-cluster.ts'
import { startOwnCluster, type OwnCluster } from './own-cluster.ts'
import { traced, traceOf } from './statements.ts'

const role = identifier('attacked_app')

describe('a trace of statements', () => {
  let cluster: OwnCluster
  let database: Database
  const server: Pick<AppOnCluster, 'sql'> = {
    async sql(query) {
      const superuser = await connect(cluster.url)
      try {
        return await superuser.query(query)
      } finally {
        await superuser.end()
      }
    },
  }
  const openPool = () => {
    const url = new URL(cluster.url)
    url.username = role
    return openDatabase({ connectionString: url.href, connections: 2 })
  }
  beforeAll(async () => {
    cluster = await startOwnCluster(traced)
    const { password } = new URL(cluster.url)
    await server.sql(`create role ${role} login password '${password}'`)
    await server.sql('create table budgets (used int not null)')
    await server.sql(`insert into budgets values (0); grant select, update on budgets to ${role}`)
    database = openPool()
  })
  afterAll(async () => {
    await database.close()
    await cluster[Symbol.asyncDispose]()
  })

  const charge = () => database.run(sql`update budgets set used = ${1} where null::int is null`)
  /** While the pool’s first connection is taken, so that another one executes it, which has yet to prepare it. */
  const chargeElsewhere = () =>
    database.transaction(async (tx) => {
      await tx.run(sql`select 1`)
      await charge()
    })
  const textsOf = (trace: readonly string[]) => trace.filter((line) => line.includes('update budgets'))

  it('shows a statement alike, whether the connection that executes it has prepared it before or not', async () => {
    const first = textsOf(await traceOf(server, charge))
    expect(first).toEqual(['1 × writing update budgets set used = $1 where $2::int is null'])
    const again = textsOf(await traceOf(server, charge))
    const elsewhere = textsOf(await traceOf(server, chargeElsewhere))
    expect([again, elsewhere]).toEqual([first, first])
  })

  it('would not, were the counters reset before each', async () => {
    const shown = async (act: () => Promise<unknown>) => {
      await server.sql('select pg_stat_statements_reset()')
      await act()
      const found = await server.sql(`select query from pg_stat_statements where query like 'update budgets%'`)
      return found.map(({ query }) => String(query))
    }
    await charge()
    const prepared = await shown(charge)
    await database.close()
    database = openPool()
    expect([prepared, await shown(charge)]).toEqual([
      ['update budgets set used = $1 where null::int is null'],
      ['update budgets set used = $1 where $2::int is null'],
    ])
  })

  it('counts what is executed meanwhile, and nothing from before', async () => {
    await charge()
    const trace = await traceOf(server, async () => {
      await charge()
      await charge()
      await database.run(sql`select used from budgets`)
    })
    expect(trace).toEqual([
      '1 × select used from budgets',
      '2 × writing update budgets set used = $1 where $2::int is null',
    ])
    expect(await traceOf(server, () => Promise.resolve())).toEqual([])
  })

  it('refuses where the server forgot statements', async () => {
    const forgetful = {
      sql: async (query: string) =>
        query.includes('pg_stat_statements_info') ? [{ statements: 1 }] : await server.sql(query),
    }
    await expect(traceOf(forgetful, charge)).rejects.toThrow('The server forgot statements')
  })
})
