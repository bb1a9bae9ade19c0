import { HsmUnavailable, type Keystore, Unopenable } from '@strongroom/hsm'
import { type Database, sql } from '@strongroom/storage'
import { z } from 'zod'
import { enqueue } from '../enqueue.ts'
import { job } from '../job.ts'
import { pause } from '../pause.ts'
import { perform } from '../perform.ts'
import type { SealedColumn, SealedRow } from './sealed-column.ts'

/** Gives the rows of one page the recipients that they lack, then asks for the next page. */
export const completePage = job({
  name: 'recipients.complete-page',
  payload: z.object({ column: z.string(), after: z.string() }),
})

export interface CompletionDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly columns: readonly SealedColumn[]
  /** Of a value that no token opens: altered, or of tokens that are gone. By column and id alone. */
  readonly onUnopenable: (row: { column: string; id: string }) => void
}

const PAGE = 100
/** Between two values, so that who waits for the tokens never waits behind all of them. */
const PAUSE_MS = 5

const keyOf = ({ name }: SealedColumn): string => `${completePage.name}:${name}`

/** Begins with the first page of each column whose pages are not under way. */
export async function beginCompletion(database: Database, columns: readonly SealedColumn[]): Promise<void> {
  for (const column of columns) {
    const isUnderWay = await database.maybe(
      z.object({}),
      sql`select from graphile_worker.jobs where task_identifier = ${completePage.name} and key = ${keyOf(column)}`,
    )
    if (isUnderWay === undefined) await askFor(database, column, column.first)
  }
}

const askFor = (database: Database, column: SealedColumn, after: string): Promise<void> =>
  enqueue(database, completePage, { column: column.name, after }, { key: keyOf(column) })

export const pageCompleter = perform<CompletionDeps>()(completePage, async ({ column: name, after }, deps, attempt) => {
  const { database, hsm, columns } = deps
  const column = columns.find((one) => one.name === name)
  // Of a release that had another column.
  if (column === undefined) return
  hsm.assertAvailable()
  const limit = column.pageSize ?? PAGE
  const rows = await column.page(database, { after, limit })
  for (const row of rows) {
    // What was done is seen to be done.
    if (attempt.signal.aborted) return askFor(database, column, after)
    if (await completeRow(deps, column, row)) await pause(PAUSE_MS, attempt.signal)
  }
  const last = rows.at(-1)
  if (last !== undefined) await askFor(database, column, last.id)
})

/**
 * Whether there was anything to do. A row that only a token that is away could open waits for the next pass; the others
 * do not wait for it.
 */
async function completeRow(
  { database, hsm, onUnopenable }: CompletionDeps,
  column: SealedColumn,
  row: SealedRow,
): Promise<boolean> {
  try {
    if (!hsm.lacksRecipients(row.envelope)) return false
    const complete = await hsm.completeRecipients(row.envelope, row.binding)
    if (complete !== undefined) await column.replace({ database, hsm }, row, complete)
  } catch (error) {
    if (error instanceof Unopenable) onUnopenable({ column: column.name, id: row.id })
    else if (!(error instanceof HsmUnavailable)) throw error
  }
  return true
}
