import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const rewrapRow = z.object({
  column: z.string(),
  after: z.string(),
  done: column.count,
  total: column.count,
  unopenable: column.count,
  isFinished: z.boolean(),
  seconds: z.number(),
})

/** How far one column is. */
export type Rewrap = z.output<typeof rewrapRow>

export const rewrapsOf = (statements: Statements, version: number): Promise<Rewrap[]> =>
  statements.many(
    rewrapRow,
    sql`select column_name as column, after, done, total, unopenable, finished_at is not null as "isFinished",
               extract(epoch from coalesce(finished_at, now()) - started_at)::float8 as seconds
          from keystore.rewraps where version = ${version} order by column_name`,
  )

/** Of a pass that is over or that never was: those of other versions are of no use any more. */
export async function startRewraps(
  tx: Statements,
  version: number,
  columns: readonly { name: string; first: string; total: number }[],
): Promise<void> {
  await tx.run(sql`delete from keystore.rewraps`)
  for (const { name, first, total } of columns) {
    await tx.run(sql`
      insert into keystore.rewraps (version, column_name, after, total) values (${version}, ${name}, ${first}, ${total})`)
  }
}

export interface Place {
  readonly version: number
  readonly column: string
  readonly after: string
}

/** Whether the pass stands there: a page that was done, by a job that is performed twice, is not done again. */
export const standsAt = async (statements: Statements, { version, column: name, after }: Place): Promise<boolean> =>
  (await statements.run(sql`
    select from keystore.rewraps
     where version = ${version} and column_name = ${name} and after = ${after} and finished_at is null`)) === 1

interface PageDone {
  readonly last: string
  readonly rows: number
  readonly unopenable: number
}

/** False where another job was faster. */
export const stepOn = async (
  tx: Statements,
  { version, column: name, after }: Place,
  { last, rows, unopenable }: PageDone,
): Promise<boolean> =>
  (await tx.run(sql`
    update keystore.rewraps
       set after = ${last}, done = done + ${rows}, total = greatest(total, done + ${rows}), unopenable = unopenable + ${unopenable}
     where version = ${version} and column_name = ${name} and after = ${after} and finished_at is null`)) === 1

export const finishColumn = async (tx: Statements, { version, column: name, after }: Place): Promise<boolean> =>
  (await tx.run(sql`
    update keystore.rewraps set finished_at = now(), total = done
     where version = ${version} and column_name = ${name} and after = ${after} and finished_at is null`)) === 1

const left = z.object({ rows: column.count })

/** Of all columns; nothing where none is under way. */
export const rowsLeft = async (statements: Statements): Promise<number> =>
  (
    await statements.one(
      left,
      sql`select coalesce(sum(total - done), 0)::bigint as rows from keystore.rewraps where finished_at is null`,
    )
  ).rows
