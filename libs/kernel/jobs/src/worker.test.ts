import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type JobsWorld, jobsWorld, soon } from '../test/jobs-world.ts'
import { retryParked } from './count.ts'
import { enqueue } from './enqueue.ts'
import { job, type JobKind } from './job.ts'
import { mountWork } from './mount.ts'
import { type Attempt, perform } from './perform.ts'
import { startWorker } from './worker.ts'
import type { JobFailure, JobSuccess } from './tell.ts'

const ids = z.object({ row: z.int() })
type Kind = JobKind<typeof ids>
const kindOf = (name: string, attempts = 25) => job({ name: `worker.${name}`, payload: ids, attempts })

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

class TokenAway extends Error {
  readonly retryAfterSeconds = 1
}

const explode = () => {
  throw new Error('a metric is broken')
}

type Handle = (row: number, attempt: Attempt) => Promise<void>
const workOn = (kind: Kind, handle: Handle, listeners: Parameters<JobsWorld['work']>[0] = { work: [] }) =>
  world.work({
    ...listeners,
    work: [mountWork({ jobs: [perform<object>()(kind, ({ row }, _deps, one) => handle(row, one))], deps: {} })],
  })

test('a job that fails is tried again, and what failed is told in ids and numbers', async () => {
  const kind = kindOf('retried', 3)
  const failures: JobFailure[] = []
  const successes: JobSuccess[] = []
  const error = new TokenAway('the token is away')
  const handle: Handle = async (_row, { number }) => {
    if (number === 1) throw error
  }
  workOn(kind, handle, {
    work: [],
    onFailed: (one) => failures.push(one),
    onPerformed: (one) => successes.push(one),
  })
  await enqueue(world.database, kind, { row: 1 })
  await expect.poll(() => successes, soon).toMatchObject([{ kind: kind.name, attempt: 2 }])
  const id = successes[0]?.id
  expect(failures).toEqual([{ kind: kind.name, id, attempt: 1, attempts: 3, parked: false, outage: true, error }])
  await expect.poll(() => world.countOf(kind.name)).toEqual({ due: 0, waiting: 0, running: 0, parked: 0 })
})

test('after the last attempt a job is parked, without the text of its error, until somebody wants it tried again', async () => {
  const kind = kindOf('parked', 1)
  const failures: JobFailure[] = []
  let broken = true
  const handle: Handle = async () => {
    if (broken) throw new RangeError('the code 123456 is wrong')
  }
  workOn(kind, handle, { work: [], onFailed: (one) => failures.push(one) })
  await enqueue(world.database, kind, { row: 1 })
  await expect.poll(() => world.countOf(kind.name), soon).toMatchObject({ running: 0, parked: 1 })
  expect(failures).toMatchObject([{ attempt: 1, attempts: 1, parked: true, outage: false }])
  const told = z.object({ last_error: z.string() })
  const found = sql`select last_error from graphile_worker.jobs where task_identifier = ${kind.name}`
  expect(await world.database.one(told, found)).toEqual({ last_error: 'RangeError' })

  broken = false
  expect(await retryParked(world.database, kind)).toBe(1)
  await expect.poll(() => world.countOf(kind.name), soon).toMatchObject({ due: 0, running: 0, parked: 0 })
})

test('a payload that an older release wrote otherwise fails, and its handler is not called', async () => {
  const kind = kindOf('old', 1)
  let called = false
  workOn(kind, async () => void (called = true))
  await world.database.run(sql`select graphile_worker.add_job(${kind.name}, '{"id": 1}', max_attempts => 1)`)
  await expect.poll(() => world.countOf(kind.name), soon).toMatchObject({ parked: 1 })
  expect(called).toBe(false)
})

test('listeners that throw do not make a job fail that succeeded', async () => {
  const kind = kindOf('listener', 1)
  let done = 0
  const listeners = { onFailed: explode, onPerformed: explode, onConnectionLost: explode, log: explode }
  workOn(kind, async () => void done++, { work: [], ...listeners })
  await enqueue(world.database, kind, { row: 1 })
  await expect.poll(() => done, soon).toBe(1)
  await expect.poll(() => world.countOf(kind.name), soon).toEqual({ due: 0, waiting: 0, running: 0, parked: 0 })
})

test('a stop waits for jobs that run and takes no more', async () => {
  const kind = kindOf('stopped')
  const going = Promise.withResolvers<void>()
  const started: number[] = []
  let ended = 0
  const worker = workOn(kind, async (row) => {
    started.push(row)
    await going.promise
    ended++
  })
  for (const row of [1, 2, 3]) await enqueue(world.database, kind, { row })
  await expect.poll(() => started.length, soon).toBe(2)
  const stopped = worker.stop().then(() => ended)
  await enqueue(world.database, kind, { row: 4 })
  going.resolve()
  expect(await stopped).toBe(2)
  expect(await world.countOf(kind.name)).toMatchObject({ due: 2, running: 0, parked: 0 })
})

test('a job that does not end is told so, then given up, and runs again elsewhere', async () => {
  const kind = kindOf('stuck')
  const forever = Promise.withResolvers<void>()
  const heard = Promise.withResolvers<void>()
  const numbers: number[] = []
  const stuck = workOn(
    kind,
    async (_row, { signal, number }) => {
      numbers.push(number)
      signal.addEventListener('abort', () => heard.resolve())
      await forever.promise
    },
    { work: [], stopSeconds: 0.5 },
  )
  await enqueue(world.database, kind, { row: 1 })
  await expect.poll(() => numbers, soon).toEqual([1])
  await stuck.stop()
  await heard.promise
  workOn(kind, async (_row, { number }) => void numbers.push(number))
  await expect.poll(() => numbers, soon).toEqual([1, 2])
  forever.resolve()
})

test('a worker stops where there is no database, and before it has begun', async () => {
  const logged: string[] = []
  const log = (event: string) => void logged.push(event)
  const away = startWorker({ connectionString: 'postgres://a:b@127.0.0.1:1/c', work: [], log })
  await expect.poll(() => logged.length, soon).toBeGreaterThan(1)
  await away.stop()
  await world.work({ work: [], log }).stop()
  expect(new Set(logged)).toEqual(new Set(['jobs: the worker ended and is started again']))
})
