import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type JobsWorld, jobsWorld, soon } from '../test/jobs-world.ts'
import { addJob, addJobs, enqueue } from './enqueue.ts'
import { job } from './job.ts'
import { mountWork } from './mount.ts'
import { perform } from './perform.ts'

const added = z.object({ added: z.int() })
const kindOf = (name: string) => job({ name: `enqueue.${name}`, payload: z.object({ row: z.int() }) })

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** The rows that the jobs of a kind name, in the order in which they were performed. */
const performed = (kind: ReturnType<typeof kindOf>) => {
  const rows: number[] = []
  const handler = perform<object>()(kind, async ({ row }) => void rows.push(row))
  world.work({ work: [mountWork({ jobs: [handler], deps: {} })], concurrency: 1 })
  return rows
}

test('a job is there with its transaction, or not at all', async () => {
  const kind = kindOf('transactional')
  await world.database.transaction((tx) => enqueue(tx, kind, { row: 1 }))
  const lost = world.database.transaction(async (tx) => {
    await enqueue(tx, kind, { row: 2 })
    throw new Error('bug')
  })
  await expect(lost).rejects.toThrow('bug')
  expect(await world.countOf(kind.name)).toMatchObject({ due: 1 })
  const rows = performed(kind)
  await expect.poll(() => rows, soon).toEqual([1])
  await expect.poll(() => world.countOf(kind.name), soon).toMatchObject({ due: 0, running: 0 })
})

test('of jobs with one key the last one waits', async () => {
  const kind = kindOf('keyed')
  for (const row of [1, 2, 3]) await enqueue(world.database, kind, { row }, { key: 'enqueue:keyed' })
  await enqueue(world.database, kind, { row: 4 })
  expect(await world.countOf(kind.name)).toMatchObject({ due: 2 })
  const rows = performed(kind)
  await expect.poll(() => rows.toSorted((a, b) => a - b), soon).toEqual([3, 4])
})

test('a larger statement adds a job, or one for each of its rows', async () => {
  const kind = kindOf('many')
  await world.database.run(sql`select ${addJob(kind, { row: 7 })} from generate_series(1, 2)`)
  const each = addJobs(kind, {
    from: sql`due`,
    payload: sql`json_build_object('row', n)`,
    key: sql`'enqueue:many:' || n`,
  })
  const addDue = sql`with due as (select generate_series(1, 3) as n) select ${each} as added`
  expect(await world.database.one(added, addDue)).toEqual({ added: 3 })
  expect(await world.database.one(added, addDue)).toEqual({ added: 3 })
  expect(await world.database.one(added, sql`with due as (select 1 as n where false) select ${each} as added`)).toEqual(
    {
      added: 0,
    },
  )
  const rows = performed(kind)
  await expect.poll(() => rows.toSorted((a, b) => a - b), soon).toEqual([1, 2, 3, 7, 7])
})
