import type { DumpedCell, Target } from '../target.ts'

const tablesOfTheApp = `
  select format('%I.%I', schemaname, tablename) as name from pg_tables
   where schemaname not in ('pg_catalog', 'information_schema') order by 1`

/** Every cell of every table that the app or its libraries made, jobs and audit log included. */
export async function dumpDatabase({ sql }: Pick<Target, 'sql'>): Promise<DumpedCell[]> {
  const cells: DumpedCell[] = []
  for (const { name } of await sql(tablesOfTheApp)) {
    const table = String(name)
    const rows = await sql(`select * from ${table}`)
    for (const [place, row] of rows.entries()) {
      for (const [column, value] of Object.entries(row)) {
        if (value !== null) cells.push({ table, row: String(place), column, value: written(value) })
      }
    }
  }
  return cells
}

function written(value: unknown): Uint8Array | string {
  if (value instanceof Uint8Array || typeof value === 'string') return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'infinity' : value.toISOString()
  return JSON.stringify(value)
}
