import { setTimeout as delay } from 'node:timers/promises'
import { recordEvent } from '@strongroom/audit'
import { HsmUnavailable, type Keystore, Unopenable } from '@strongroom/hsm'
import { enqueue, job, perform, type SealedColumn, type SealedRow } from '@strongroom/jobs'
import type { Database, Statements } from '@strongroom/storage'
import { z } from 'zod'
import { rewrapFinished } from './events.ts'
import { finishColumn, type Place, rewrapsOf, standsAt, stepOn } from './rewrap-store.ts'

/** Seals the values of one page by the active version, then asks for the next: one page at a time, column after column. */
export const rewrapPage = job({
  name: 'keystore.rewrap-page',
  payload: z.object({ version: z.int(), column: z.string(), after: z.string() }),
})

export interface RewrapDeps {
  readonly app: string
  readonly database: Database
  readonly hsm: Keystore
  readonly columns: readonly SealedColumn[]
  readonly rowsPerSecond: number
  /** Of a value that does not open. By column and id alone. */
  readonly onUnopenable: (row: { column: string; id: string }) => void
}

const PAGE = 100

/** One pass at a time, whoever asks for it. */
export const askForPage = (tx: Statements, place: Place): Promise<void> =>
  enqueue(tx, rewrapPage, place, { key: rewrapPage.name })

export const pageRewrapper = perform<RewrapDeps>()(rewrapPage, async (place, deps, { signal }) => {
  const { database, hsm, columns, onUnopenable } = deps
  if (!(await standsAt(database, place))) return
  const column = columns.find(({ name }) => name === place.column)
  // Of a release that had another column.
  if (column === undefined) return finish(deps, place)
  assertAllThere(hsm)
  const rows = await column.page(database, { after: place.after, limit: column.pageSize ?? PAGE })
  const last = rows.at(-1)
  if (last === undefined) return finish(deps, place)
  let unopenable = 0
  for (const row of rows) {
    // What was done is seen to be done.
    if (signal.aborted) return askForPage(database, place)
    const outcome = await paced(deps.rowsPerSecond, signal, () => rewrapRow(deps, column, row))
    if (outcome !== 'unopenable') continue
    unopenable++
    onUnopenable({ column: column.name, id: row.id })
  }
  await database.transaction(async (tx) => {
    if (!(await stepOn(tx, place, { last: last.id, rows: rows.length, unopenable }))) return
    await askForPage(tx, { ...place, after: last.id })
  })
})

/** A value keeps what only a token that is away can renew; that would be a pass for nothing, and is tried again later. */
function assertAllThere(hsm: Keystore): void {
  const away = hsm.tokens().find(({ state }) => state !== 'healthy')
  if (away !== undefined) throw new HsmUnavailable(`the token "${away.label}" is away`)
}

type Outcome = 'done' | 'nothing' | 'unopenable'

async function rewrapRow({ database, hsm }: RewrapDeps, column: SealedColumn, row: SealedRow): Promise<Outcome> {
  try {
    if (!hsm.lacksRecipients(row.envelope)) return 'nothing'
    const renewed = await hsm.completeRecipients(row.envelope, row.binding)
    // Whoever changed the row meanwhile has sealed it by the newest keys.
    if (renewed !== undefined) await column.replace({ database, hsm }, row, renewed)
    return 'done'
  } catch (error) {
    if (error instanceof Unopenable) return 'unopenable'
    throw error
  }
}

/** Callers wait for the same token and the same database: the pass takes its share of both and no more. */
async function paced(perSecond: number, signal: AbortSignal, work: () => Promise<Outcome>): Promise<Outcome> {
  const began = performance.now()
  const outcome = await work()
  const left = 1000 / perSecond - (performance.now() - began)
  if (outcome !== 'nothing' && left > 0) await delay(left, undefined, { signal }).catch(() => undefined)
  return outcome
}

async function finish({ app, database }: RewrapDeps, place: Place): Promise<void> {
  await database.transaction(async (tx) => {
    if (!(await finishColumn(tx, place))) return
    const rewraps = await rewrapsOf(tx, place.version)
    const next = rewraps.find(({ isFinished }) => !isFinished)
    if (next !== undefined) return askForPage(tx, { version: place.version, column: next.column, after: next.after })
    const sum = (count: (one: (typeof rewraps)[number]) => number) =>
      rewraps.reduce((total, one) => total + count(one), 0)
    const detail = {
      version: place.version,
      rows: sum(({ done }) => done),
      unopenable: sum(({ unopenable }) => unopenable),
    }
    await recordEvent(tx, rewrapFinished, { subject: app, detail })
  })
}
