import type { Keystore } from '@strongroom/hsm'
import type { Database, Statements } from '@strongroom/storage'

export interface RebuildPlace {
  readonly database: Database
  readonly hsm: Keystore
}

interface Declared<Row> {
  /** Kebab-case, dotted: `pin-keys.users`. */
  readonly name: string
  /** Of the MAC key. */
  readonly use: string
  /** What sorts before every id and reads as one. */
  readonly first: string
  /** How many rows that version has made. */
  rows(statements: Statements, version: number): Promise<number>
  /** Rows that other versions have made, in the order of ids. */
  page(statements: Statements, from: { after: string; limit: number; except: number }): Promise<readonly Row[]>
  /** What `page` continues after: letters, digits and `_.:-`. */
  idOf(row: Row): string
  /** Writes what it is found by now, by compare-and-swap. Throws `Unopenable`, and what the token throws. */
  rebuild(place: RebuildPlace, row: Row): Promise<void>
}

/** A column by which rows are found whose contents are sealed: a MAC, beside the version of the key that made it. */
export interface MacColumn extends Pick<Declared<unknown>, 'name' | 'use' | 'first' | 'rows'> {
  page(statements: Statements, from: { after: string; limit: number; except: number }): Promise<readonly IndexedRow[]>
}

export interface IndexedRow {
  readonly id: string
  rebuild(place: RebuildPlace): Promise<void>
}

export const macColumn = <Row>(declared: Declared<Row>): MacColumn => ({
  name: declared.name,
  use: declared.use,
  first: declared.first,
  rows: (statements, version) => declared.rows(statements, version),
  page: async (statements, from) =>
    (await declared.page(statements, from)).map((row) => ({
      id: declared.idOf(row),
      rebuild: (place) => declared.rebuild(place, row),
    })),
})
