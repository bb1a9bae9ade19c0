/** A row as SQL gives it: column names to values, `bytea` as bytes. */
export type Row = Record<string, unknown>

/** A server under attack, with what an attacker of its database, log and token could reach. */
export interface Target {
  /** One for each process; they share one database. */
  baseUrls: string[]
  sql(query: string): Promise<Row[]>
  /** Everything that its processes have written so far. */
  log(): Promise<string>
  takeToken(): Promise<void>
  bringTokenBack(): Promise<void>
  stop(): Promise<void>
}

/** One cell of a database dump. */
export interface DumpedCell {
  table: string
  row: string
  column: string
  value: Uint8Array | string
}
