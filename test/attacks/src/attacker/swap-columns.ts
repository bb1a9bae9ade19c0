import type { Target } from '../target.ts'

export interface ColumnSwap extends Pick<Target, 'sql'> {
  table: string
  /** The column that tells the two rows apart. */
  rowBy: string
  rows: readonly [string, string]
}

/** Exchanges columns of two rows in one statement, as whoever owns the database can. */
export const swapColumns =
  ({ sql, table, rowBy, rows }: ColumnSwap) =>
  async (columns: readonly string[]): Promise<void> => {
    const both = rows.map((row) => `'${row}'`).join(', ')
    const exchange = columns.map((column) => `${column} = other.${column}`).join(', ')
    await sql(`
      update ${table} as one set ${exchange} from ${table} as other
       where one.${rowBy}::text in (${both}) and other.${rowBy}::text in (${both}) and one.${rowBy} <> other.${rowBy}`)
  }
