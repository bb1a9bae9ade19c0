import type { Binding, Keystore, VersionedMac } from '@strongroom/hsm'
import type { Secret } from '@strongroom/crypto'
import type { Database, Statements } from '@strongroom/storage'

export interface IndexedRow {
  /** What `page` continues after. */
  readonly id: string
  /** Of what else the index is computed. */
  readonly owner: string
  /** What the index is computed of, sealed. */
  readonly envelope: Uint8Array
  readonly binding: Binding
  /** The index as it was read. */
  readonly index: Uint8Array
}

/** A column by which rows are found whose contents are sealed: a MAC, beside the version of the key that made it. */
export interface MacColumn {
  /** Kebab-case, dotted: `pin-keys.users`. */
  readonly name: string
  readonly use: string
  /** What sorts before every id and reads as one. */
  readonly first: string
  /** How many rows that version has made. */
  rows(statements: Statements, version: number): Promise<number>
  /** Rows that other versions have made, in the order of ids. */
  page(statements: Statements, from: { after: string; limit: number; except: number }): Promise<readonly IndexedRow[]>
  /** By every version, of what was sealed. */
  compute(hsm: Keystore, opened: Secret, row: IndexedRow): Promise<readonly VersionedMac[]>
  /** By compare-and-swap on the old index: false, and nothing done, where the row changed meanwhile. */
  replace(database: Database, row: IndexedRow, made: VersionedMac): Promise<boolean>
}
