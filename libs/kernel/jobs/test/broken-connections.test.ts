import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { enqueue } from '../src/enqueue.ts'
import { job } from '../src/job.ts'
import { AnswerLost } from '../src/lost-jobs.ts'
import { mountWork } from '../src/mount.ts'
import { perform } from '../src/perform.ts'
import type { JobFailure } from '../src/tell.ts'
import { startWorker } from '../src/worker.ts'
import { type JobsWorld, jobsWorld, soon } from './jobs-world.ts'
import { type Relay, startRelay } from './relay.ts'

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const kindOf = (name: string) => job({ name: `broken.${name}`, payload: z.object({ row: z.string() }) })
const nothing = { due: 0, waiting: 0, running: 0, parked: 0 }

/** The jobs that a worker over this relay has begun; those of rows given here end when they are told to. */
function workOver(relay: Relay, kind: ReturnType<typeof kindOf>, ends: Readonly<Record<string, Promise<void>>>) {
  const begun: string[] = []
  const failures: JobFailure[] = []
  const said: string[] = []
  const handler = perform<object>()(kind, async ({ row }, _deps, { number }) => {
    begun.push(`${row} ${String(number)}`)
    if (number === 1) await ends[row]
  })
  const worker = startWorker({
    connectionString: relay.url,
    work: [mountWork({ jobs: [handler], deps: {} })],
    concurrency: 4,
    unlock: { every: 3, grace: 2 },
    onFailed: (failure) => failures.push(failure),
    log: (event) => said.push(event),
  })
  onTestFinished(() => worker.stop())
  return { begun, failures, said }
}

test('a job that was given to a worker that never heard of it runs soon, and what the worker performs does not run twice', async () => {
  await using relay = await startRelay(world.url)
  const kind = kindOf('unheard')
  const end = Promise.withResolvers<void>()
  const { begun, failures } = workOver(relay, kind, { long: end.promise })
  await enqueue(world.database, kind, { row: 'long' })
  await expect.poll(() => begun, soon).toEqual(['long 1'])
  relay.swallow('unheard-of')
  await enqueue(world.database, kind, { row: 'unheard-of' })
  await expect.poll(() => begun, soon).toEqual(['long 1', 'unheard-of 2'])
  end.resolve()
  await expect.poll(() => world.countOf(kind.name), soon).toEqual(nothing)
  expect(begun).toEqual(['long 1', 'unheard-of 2'])
  const told = { kind: kind.name, attempt: 1, parked: false, error: expect.any(AnswerLost) as unknown }
  await expect.poll(() => failures, soon).toMatchObject([told])
})

test('a worker that could not write how several jobs ended goes on, with these and with others', async () => {
  await using relay = await startRelay(world.url)
  const kind = kindOf('unwritten')
  const rows = ['a', 'b', 'c', 'd']
  const ends = rows.map((row) => ({ row, ...Promise.withResolvers<void>() }))
  const { begun, said } = workOver(relay, kind, Object.fromEntries(ends.map(({ row, promise }) => [row, promise])))
  for (const row of rows) await enqueue(world.database, kind, { row })
  await expect.poll(() => begun.toSorted(), soon).toEqual(rows.map((row) => `${row} 1`))
  relay.cut()
  // One after the other: results of one moment are written, or not, as one.
  for (const [index, { resolve }] of ends.entries()) {
    resolve()
    const unwritten = () => said.filter((event) => event === 'jobs: Failed to complete jobs').length
    await expect.poll(unwritten, soon).toBe(index + 1)
  }
  relay.mend()
  await enqueue(world.database, kind, { row: 'e' })
  await expect.poll(() => begun.toSorted(), soon).toEqual([...rows.flatMap((row) => [`${row} 1`, `${row} 2`]), 'e 1'])
  await expect.poll(() => world.countOf(kind.name), soon).toEqual(nothing)
})
