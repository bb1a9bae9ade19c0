import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { References } from './key-desk.ts'
import type { KekVersion } from './key-versions.ts'

const hit = z.object({ place: z.string(), field: z.string(), hits: column.count })

/**
 * Rows that name a key of the version, in every column of bytes or JSON that the database has. What a key wrapped is sealed, by
 * the seal key of its version: so it is enough to look for the ids that envelopes name.
 */
export async function findReferences(
  statements: Statements,
  { version, records }: Pick<KekVersion, 'version' | 'records'>,
): Promise<References> {
  const ids = records.flatMap(({ keyId }) => (keyId === undefined || keyId.length === 0 ? [] : [Buffer.from(keyId)]))
  const rows = await statements.many(
    hit,
    sql`select place, field, hits from keystore.count_references(${ids}::bytea[])`,
  )
  const columns = rows.map(({ place, field, hits }) => ({ table: place, column: field, rows: hits }))
  return { version, columns, rows: columns.reduce((sum, one) => sum + one.rows, 0) }
}
