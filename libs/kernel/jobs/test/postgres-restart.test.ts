import { randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect, start, stateDirectory } from '@strongroom/postgres'
import { openDatabase, sql } from '@strongroom/storage'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { enqueue } from '../src/enqueue.ts'
import { job } from '../src/job.ts'
import { mountWork } from '../src/mount.ts'
import { perform } from '../src/perform.ts'
import { migrateJobs } from '../src/schema.ts'
import { sweep } from '../src/sweep.ts'
import { startWorker } from '../src/worker.ts'
import { jobsWorld, soon } from './jobs-world.ts'

const directory = join(stateDirectory(), `jobs-test-${String(process.pid)}`)
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const patient = { timeout: 50_000, interval: 50 }
const kind = job({ name: 'restart.note', payload: z.object({ row: z.int() }) })

/** On a port below those that the system gives to whoever dials out: one of them would be taken while the server is away. */
async function startBelow() {
  for (;;) {
    const port = randomInt(10_000, 32_000)
    const server = await start({ directory, durability: 'throwaway', port })
    // Another than was wanted where that one was busy.
    if (server.port === port) return server
    await server.stop()
  }
}

test('a worker outlives a stop of PostgreSQL: jobs, also one that ran meanwhile, and sweeps go on', async () => {
  const first = await startBelow()
  await migrateJobs(first.url, 'postgres')
  const done: number[] = []
  let sweeps = 0
  const meanwhile = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const note = perform<object>()(kind, async ({ row }, _deps, { number }) => {
    if (row === 2 && number === 1) {
      started.resolve()
      await meanwhile.promise
    }
    done.push(row)
  })
  const count = sweep<object>()({ name: 'restart.count', every: 0.1, run: async () => void sweeps++ })
  const worker = startWorker({
    connectionString: first.url,
    work: [mountWork({ jobs: [note], sweeps: [count], deps: {} })],
    concurrency: 2,
    unlock: { every: 1, grace: 0.5 },
  })
  const database = openDatabase({ connectionString: first.url, connections: 2 })
  const add = (row: number) => enqueue(database, kind, { row })
  const left = () =>
    database
      .one(z.object({ jobs: z.int() }), sql`select count(*)::int as jobs from graphile_worker.jobs`)
      .catch(() => undefined)
  let second: Awaited<ReturnType<typeof start>> | undefined
  try {
    await add(1)
    await expect.poll(() => done, patient).toEqual([1])
    // Else it would run again as well: its result is written down after it ran.
    await expect.poll(left, patient).toEqual({ jobs: 0 })
    await add(2)
    await started.promise
    await first.stop()
    // Its result cannot be written down now. It is later where the server is met while it starts; else the job runs again.
    meanwhile.resolve()
    await expect.poll(() => done, patient).toEqual([1, 2])
    second = await start({ directory, durability: 'throwaway', port: first.port })
    expect(second.port).toBe(first.port)
    await expect
      .poll(
        () =>
          add(3)
            .then(() => true)
            .catch(() => false),
        patient,
      )
      .toBe(true)
    await expect.poll(left, patient).toEqual({ jobs: 0 })
    expect([
      [1, 2, 3],
      [1, 2, 2, 3],
    ]).toContainEqual(done.toSorted((a, b) => a - b))
    const before = sweeps
    await expect.poll(() => sweeps, patient).toBeGreaterThan(before)
  } finally {
    await worker.stop()
    await database.close()
    await (second ?? first).stop()
  }
})

test('a worker whose connections are all ended goes on, with the same listener for new jobs', async () => {
  await using world = await jobsWorld()
  const done: number[] = []
  const note = perform<object>()(kind, async ({ row }) => void done.push(row))
  world.work({ work: [mountWork({ jobs: [note], deps: {} })] })
  for (const row of [1, 2, 3]) {
    await enqueue(world.database, kind, { row })
    await expect.poll(() => done.at(-1), soon).toBe(row)
    const owner = await connect(world.postgres.adminUrl)
    await owner.end()
    expect(await world.cut()).toBeGreaterThan(0)
  }
})
