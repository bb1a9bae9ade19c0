import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly text: string
  readonly checksum: string
}

export type Privilege = 'select' | 'insert' | 'update' | 'delete'

/** The tables of one schema: how they came to be, and what the runtime role may do to each. */
export interface MigrationSet {
  readonly schema: string
  readonly migrations: readonly Migration[]
  readonly privileges: Readonly<Record<string, readonly Privilege[]>>
}

/**
 * Reads `NNNN-name.sql` files from a folder, in order. Numbers run from 1 without a gap, so that a file that was
 * forgotten or merged twice is noticed before anything runs.
 */
export function readMigrations(schema: string, folder: URL, privileges: MigrationSet['privileges']): MigrationSet {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
  const migrations = names.map((name, index) => {
    const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1])
    if (number !== index + 1) throw new Error(`migration ${schema}/${name} should have number ${String(index + 1)}`)
    const text = readFileSync(new URL(name, folder), 'utf8')
    return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') }
  })
  return { schema, migrations, privileges }
}

export const storageMigrations = readMigrations('strongroom', new URL('../migrations/', import.meta.url), {})
