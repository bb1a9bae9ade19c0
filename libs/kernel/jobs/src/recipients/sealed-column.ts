import type { Binding, Keystore } from '@strongroom/hsm'
import { column, type Database, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export interface SealedRow {
  /** What `page` continues after: letters, digits and `_.:-`. */
  readonly id: string
  readonly envelope: Uint8Array
  /** Of this very envelope: read with it, in one statement. */
  readonly binding: Binding
}

export interface ReplaceDeps {
  readonly database: Database
  /** For a row whose stamp covers the envelope. */
  readonly hsm: Keystore
}

/** A column of envelopes, declared where its rows are. */
export interface SealedColumn {
  /** Kebab-case, dotted: `pin-keys.users`. */
  readonly name: string
  /** What sorts before every id and reads as one: of UUIDs `BEFORE_EVERY_UUID`. */
  readonly first: string
  /** About how many rows a page has; fewer than 100 where envelopes are large. */
  readonly pageSize?: number
  /** How many there are; for who waits. */
  rows(statements: Statements): Promise<number>
  /** The rows after that id, in the order of ids; rows of one id all in one page, and none where there are no more. */
  page(statements: Statements, from: { after: string; limit: number }): Promise<readonly SealedRow[]>
  /** By compare-and-swap on the old bytes: false, and nothing done, where another change came first. */
  replace(deps: ReplaceDeps, row: SealedRow, envelope: Uint8Array): Promise<boolean>
}

const counted = z.object({ rows: column.count })

/** `from` is a table, and a condition where not every row has a value. */
export const countRows = async (statements: Statements, from: Query): Promise<number> =>
  (await statements.one(counted, sql`select count(*) as rows from ${from}`)).rows

export const BEFORE_EVERY_UUID = '00000000-0000-0000-0000-000000000000'
