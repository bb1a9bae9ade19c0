import { type Keystore, Unopenable } from '@strongroom/hsm'
import { type Database, sql } from '@strongroom/storage'
import { z } from 'zod'
import { enqueue } from '../enqueue.ts'
import { job } from '../job.ts'
import { pause } from '../pause.ts'
import { perform } from '../perform.ts'
import { type Sweep, sweep } from '../sweep.ts'
import type { IndexedRow, MacColumn } from './mac-column.ts'

/** Computes the indexes of one page anew, by the newest version of their key, then asks for the next page. */
export const rebuildPage = job({
  name: 'indexes.rebuild-page',
  payload: z.object({ column: z.string(), after: z.string() }),
})

export interface RebuildDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly indexes: readonly MacColumn[]
  /** Of a row whose value does not open, so that its index stays as it is. By column and id alone. */
  readonly onUnopenable: (row: { column: string; id: string }) => void
}

const PAGE = 100
/** Between two rows, so that who waits for the token never waits behind all of them. */
const PAUSE_MS = 5

const keyOf = ({ name }: MacColumn): string => `${rebuildPage.name}:${name}`

const askFor = (database: Database, column: MacColumn, after: string): Promise<void> =>
  enqueue(database, rebuildPage, { column: column.name, after }, { key: keyOf(column) })

export const indexRebuilder = perform<RebuildDeps>()(rebuildPage, async ({ column: name, after }, deps, { signal }) => {
  const { database, hsm, indexes } = deps
  const column = indexes.find((one) => one.name === name)
  // Of a release that had another column.
  if (column === undefined) return
  const rows = await column.page(database, { after, limit: PAGE, except: await currentVersion(hsm, column) })
  for (const row of rows) {
    // What was done is seen to be done.
    if (signal.aborted) return askFor(database, column, after)
    await rebuildRow(deps, column, row)
    await pause(PAUSE_MS, signal)
  }
  const last = rows.at(-1)
  if (last !== undefined) await askFor(database, column, last.id)
})

/** Of what is sealed, whatever the index was: so one that somebody altered is right again. */
async function rebuildRow(
  { database, hsm, onUnopenable }: RebuildDeps,
  column: MacColumn,
  row: IndexedRow,
): Promise<void> {
  try {
    await row.rebuild({ database, hsm })
  } catch (error) {
    if (!(error instanceof Unopenable)) throw error
    onUnopenable({ column: column.name, id: row.id })
  }
}

const LOOK_SECONDS = 60
const NOTHING = new Uint8Array()

async function currentVersion(hsm: Keystore, { use }: MacColumn): Promise<number> {
  const found = (await hsm.macs(use, NOTHING)).find(({ isCurrent }) => isCurrent)
  if (found === undefined) throw new TypeError('one version of a MAC key is the current one')
  return found.version
}

/** Begins where a column has rows that another version has made: after a rotation, and for who wrote by the old one meanwhile. */
export const rebuildSweep = (): Sweep<RebuildDeps> =>
  sweep<RebuildDeps>()({
    name: 'indexes.begin',
    every: LOOK_SECONDS,
    async run({ database, hsm, indexes }) {
      for (const column of indexes) {
        const except = await currentVersion(hsm, column)
        const [row] = await column.page(database, { after: column.first, limit: 1, except })
        if (row !== undefined && !(await isUnderWay(database, column))) await askFor(database, column, column.first)
      }
    },
  })

const isUnderWay = async (database: Database, column: MacColumn): Promise<boolean> =>
  (await database.maybe(
    z.object({}),
    sql`select from graphile_worker.jobs where task_identifier = ${rebuildPage.name} and key = ${keyOf(column)}`,
  )) !== undefined
