import { createHash } from 'node:crypto'
import pg from 'pg'
import { z } from 'zod'
import type { Migration, MigrationSet } from './migrations.ts'
import { sql } from './sql.ts'
import { type Statements, statementsOver } from './statements.ts'

/** A migration that ran was changed since, or the database is ahead of this code. */
export class MigrationMismatch extends Error {
  override readonly name = 'MigrationMismatch'
}

const lockKey = 0x5f3759df
const aloneKey = 0x5f3759e0

/** Does work that no other process may do on this database at the same time; the others wait. */
export async function alone<T>(migratorUrl: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: migratorUrl })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [aloneKey])
    return await work()
  } finally {
    await client.end()
  }
}

const ledger = `
  create schema if not exists strongroom_migrations;
  create table if not exists strongroom_migrations.applied (
    schema text not null, number int not null, name text not null, checksum text not null,
    at timestamptz not null default now(), primary key (schema, number))`

const applied = z.object({ schema: z.string(), number: z.int(), name: z.string(), checksum: z.string() })

/**
 * Brings a database up to these sets, in the order given, each file in its own transaction, and grants the runtime
 * role exactly the privileges that they declare. Replicas that start together wait for one another.
 */
export async function migrate(migratorUrl: string, sets: readonly MigrationSet[], runtimeRole: string): Promise<void> {
  const client = new pg.Client({ connectionString: migratorUrl })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    await client.query(ledger)
    for (const set of sets) await bringUp(client, set)
    for (const set of sets) await grant(client, set, runtimeRole)
    await client.query(`grant usage on schema strongroom_migrations to ${pg.escapeIdentifier(runtimeRole)}`)
    await client.query(`grant select on strongroom_migrations.applied to ${pg.escapeIdentifier(runtimeRole)}`)
  } finally {
    await client.end()
  }
}

async function bringUp(client: pg.Client, set: MigrationSet) {
  for (const migration of await pending(
    statementsOver((query) => client.query(query)),
    set,
  )) {
    await client.query('begin')
    try {
      await client.query(migration.text)
      await client.query(
        'insert into strongroom_migrations.applied (schema, number, name, checksum) values ($1, $2, $3, $4)',
        [set.schema, migration.number, migration.name, migration.checksum],
      )
      await client.query('commit')
    } catch (error) {
      await client.query('rollback')
      throw error
    }
  }
}

/**
 * The migrations that a database still lacks.
 * @throws MigrationMismatch where one that ran has another checksum, or is unknown to this code.
 */
export async function pending(database: Statements, set: MigrationSet): Promise<readonly Migration[]> {
  const ran = await database.many(
    applied,
    sql`select schema, number, name, checksum from strongroom_migrations.applied where schema = ${set.schema} order by number`,
  )
  for (const row of ran) {
    const known = set.migrations[row.number - 1]
    if (!known)
      throw new MigrationMismatch(`the database has ${set.schema}/${row.name}, which this release does not know`)
    if (known.checksum !== row.checksum)
      throw new MigrationMismatch(`${set.schema}/${row.name} was changed after it ran`)
  }
  return set.migrations.slice(ran.length)
}

/** Whether every migration of every set has run: what a start asks before it serves. */
export async function isMigrated(database: Statements, sets: readonly MigrationSet[]): Promise<boolean> {
  const { there } = await database.one(
    z.object({ there: z.boolean() }),
    sql`select to_regclass('strongroom_migrations.applied') is not null as there`,
  )
  if (!there) return false
  for (const set of sets) if ((await pending(database, set)).length > 0) return false
  return true
}

/** Names a template database in tests: the same for the same migrations. */
export const fingerprint = (sets: readonly MigrationSet[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify(sets.map(({ migrations, privileges }) => [migrations.map((one) => one.checksum), privileges])),
    )
    .digest('hex')
    .slice(0, 16)

async function grant(client: pg.Client, { schema, privileges }: MigrationSet, runtimeRole: string) {
  const role = pg.escapeIdentifier(runtimeRole)
  const inSchema = pg.escapeIdentifier(schema)
  await client.query(`grant usage on schema ${inSchema} to ${role}`)
  await client.query(`revoke all on all tables in schema ${inSchema} from ${role}`)
  for (const [table, allowed] of Object.entries(privileges)) {
    await client.query(`grant ${allowed.join(', ')} on ${inSchema}.${pg.escapeIdentifier(table)} to ${role}`)
  }
}
