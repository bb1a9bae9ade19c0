import type { KeyRotation } from '@strongroom/hsm'
import type { MacColumn } from '@strongroom/jobs'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { KeyRefused } from './key-desk.ts'
import type { NeededBy } from './use-desk.ts'
import { describeUse, type Edition, retiredSeconds } from './use-versions.ts'

/** Codes, challenges and what is counted by the day: whatever passes has passed. */
const PASSING_SECONDS = 2 * 86_400

/** What was computed by a version may be on its way to the database; and a lock is prepared a minute before it is used. */
const ON_ITS_WAY_SECONDS = 300

export interface Needing extends Edition {
  readonly rotates: KeyRotation
  readonly passesAfter?: number
  readonly indexes: readonly MacColumn[]
}

const hit = z.object({ place: z.string(), field: z.string(), hits: column.count })

/** Rows that need that version, where rows tell. */
export async function findNeeds(
  statements: Statements,
  { use, version, rotates, indexes }: Needing,
): Promise<readonly NeededBy[]> {
  if (rotates === 'verify-only') {
    const found = await statements.many(hit, sql`select place, field, hits from keystore.count_locks(${version})`)
    return found.map(({ place, field, hits }) => ({ table: place, column: field, rows: hits }))
  }
  const needed: NeededBy[] = []
  for (const index of indexes.filter((one) => one.use === use)) {
    const rows = await index.rows(statements, version)
    if (rows > 0) needed.push({ table: index.name, column: 'index', rows })
  }
  return needed
}

/** Throws `KeyRefused` where a row needs the version. */
export async function refuseNeeded(statements: Statements, needing: Needing): Promise<void> {
  const needed = await findNeeds(statements, needing)
  if (needed.length === 0) return
  const rows = needed.reduce((sum, one) => sum + one.rows, 0)
  throw new KeyRefused('still-referred-to', {
    what: `${String(rows)} rows need version ${String(needing.version)} of ${describeUse(needing)}`,
    remedy:
      needing.rotates === 'verify-only'
        ? 'it verifies until each of them was locked anew, by a change of its factor; leave it retired until then'
        : 'wait until the job has rebuilt them',
    details: needed.map((one) => `${one.table}.${one.column}: ${String(one.rows)}`),
  })
}

/** Throws `KeyRefused` where values of the version may not have passed, or not have arrived. */
export async function requireRest(statements: Statements, needing: Needing): Promise<void> {
  const wanted = needing.rotates === 'passing' ? (needing.passesAfter ?? PASSING_SECONDS) : ON_ITS_WAY_SECONDS
  const rested = await retiredSeconds(statements, needing)
  if (rested >= wanted) return
  throw new KeyRefused('too-soon', {
    what: `values of version ${String(needing.version)} of ${describeUse(needing)} may be about`,
    remedy: `try again in ${String(Math.ceil(wanted - rested))} seconds`,
  })
}
