import { recordEvent } from '@strongroom/audit'
import { countJobs, retryParked, type SealedColumn } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'
import { rewrapBegun } from './events.ts'
import type { RewrapProgress } from './key-desk.ts'
import { askForPage, rewrapPage } from './rewrap-page.ts'
import { type Rewrap, rewrapsOf, startRewraps } from './rewrap-store.ts'

interface Pass {
  readonly app: string
  readonly version: number
  readonly columns: readonly SealedColumn[]
}

/** One that is under way goes on, from where it was parked if it was; one that is over begins anew. */
export async function beginPass(database: Database, { app, version, columns }: Pass): Promise<void> {
  const { state } = await progressOf(database, version)
  if (state === 'running') return
  const [next] = (await rewrapsOf(database, version)).filter(({ isFinished }) => !isFinished)
  if (state === 'halted' && next !== undefined) {
    if ((await retryParked(database, rewrapPage)) > 0) return
    await askForPage(database, { version, column: next.column, after: next.after })
    return
  }
  const counted: { name: string; first: string; total: number }[] = []
  for (const column of columns.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    counted.push({ name: column.name, first: column.first, total: await column.rows(database) })
  }
  await database.transaction(async (tx) => {
    await startRewraps(tx, version, counted)
    const rows = counted.reduce((sum, { total }) => sum + total, 0)
    await recordEvent(tx, rewrapBegun, { subject: app, detail: { version, rows } })
    const [start] = counted
    if (start !== undefined) await askForPage(tx, { version, column: start.name, after: start.first })
  })
}

export async function progressOf(database: Database, version: number): Promise<RewrapProgress> {
  const rewraps = await rewrapsOf(database, version)
  const sum = (count: (one: Rewrap) => number) => rewraps.reduce((total, one) => total + count(one), 0)
  const [done, total, unopenable] = [sum((one) => one.done), sum((one) => one.total), sum((one) => one.unopenable)]
  const seconds = Math.max(0, ...rewraps.map((one) => one.seconds))
  const rowsPerSecond = done > 0 && seconds > 0 ? done / seconds : undefined
  return {
    state: await stateOf(database, rewraps),
    version,
    done,
    total,
    unopenable,
    rowsPerSecond,
    secondsLeft: rowsPerSecond && Math.max(0, total - done) / rowsPerSecond,
    columns: rewraps.map(({ column, done: ofIt, total: all, unopenable: closed, isFinished }) => ({
      column,
      done: ofIt,
      total: all,
      unopenable: closed,
      isFinished,
    })),
  }
}

async function stateOf(database: Database, rewraps: readonly Rewrap[]): Promise<RewrapProgress['state']> {
  if (rewraps.length === 0) return 'none'
  if (rewraps.every(({ isFinished }) => isFinished)) return 'finished'
  const jobs = (await countJobs(database)).find(({ kind }) => kind === rewrapPage.name)
  return jobs !== undefined && jobs.due + jobs.waiting + jobs.running > 0 ? 'running' : 'halted'
}
