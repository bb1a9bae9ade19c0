import { randomBytes } from 'node:crypto'
import { connect } from '@strongroom/postgres'

/** A database with an owner and a runtime role, as an operator would make it. */
export interface BenchDatabase {
  readonly ownerUrl: string
  readonly runtimeUrl: string
  readonly runtimeRole: string
  /** As the superuser: to fill tables, and to tidy up between measurements. */
  ask<Row = Record<string, unknown>>(query: string): Promise<Row[]>
}

export async function makeDatabase(superuserUrl: string): Promise<BenchDatabase> {
  const name = `bench_${randomBytes(6).toString('hex')}`
  const [owner, runtime] = [`${name}_owner`, `${name}_runtime`]
  const password = randomBytes(18).toString('base64url')
  const url = (username: string) =>
    Object.assign(new URL(superuserUrl), { username, password, pathname: `/${name}` }).href
  await askOn(superuserUrl, `create role ${owner} login password '${password}'`)
  await askOn(superuserUrl, `create role ${runtime} login password '${password}'`)
  await askOn(superuserUrl, `create database ${name} owner ${owner}`)
  const inside = Object.assign(new URL(superuserUrl), { pathname: `/${name}` }).href
  return {
    ownerUrl: url(owner),
    runtimeUrl: url(runtime),
    runtimeRole: runtime,
    ask: (query) => askOn(inside, query),
  }
}

async function askOn<Row>(url: string, query: string): Promise<Row[]> {
  const connection = await connect(url)
  try {
    return await connection.query<Row>(query)
  } finally {
    await connection.end()
  }
}
