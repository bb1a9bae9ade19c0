import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import { enqueue } from '../src/enqueue.ts'
import { job } from '../src/job.ts'
import { mountWork } from '../src/mount.ts'
import { perform } from '../src/perform.ts'
import type { JobFailure } from '../src/tell.ts'
import { WorkerDied } from '../src/dead-workers.ts'
import { type JobsWorld, jobsWorld, soon } from './jobs-world.ts'

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const kindOf = (name: string, attempts: number) =>
  job({ name: `killed.${name}`, payload: z.object({ row: z.int() }), attempts })

type Kind = ReturnType<typeof kindOf>

/** A process that has started a job of this kind and will not end it. */
async function stuckProcess(kind: Kind) {
  const child = spawn(
    process.execPath,
    ['--conditions=@strongroom/source', join(import.meta.dirname, 'worker-process.ts')],
    {
      env: { PATH: process.env['PATH'], JOB_KIND: kind.name, JOB_DATABASE: world.url },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await enqueue(world.database, kind, { row: 1 })
  await once(child, 'message')
  return {
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** What all workers of this process tell: any of them may find out that another died. */
const failures: JobFailure[] = []
const failuresOf = (kind: Kind) => failures.filter((one) => one.kind === kind.name)

/** The attempts that a worker of this process performs. */
function performHere(kind: Kind) {
  const attempts: number[] = []
  const handler = perform<object>()(kind, async (_payload, _deps, { number }) => void attempts.push(number))
  world.work({ work: [mountWork({ jobs: [handler], deps: {} })], onFailed: (failure) => failures.push(failure) })
  return attempts
}

/** Leaves a job as a worker that is gone would, and waits until it was freed: then the dead have been looked for. */
async function lookForTheDead() {
  const marker = kindOf(`marker-${String(markers++)}`, 25)
  await world.owner.transaction(async (tx) => {
    await enqueue(tx, marker, { row: 1 })
    await tx.run(sql`
      update graphile_worker._private_jobs set locked_by = 'pool-gone', locked_at = now()
       where id = (select id from graphile_worker.jobs where task_identifier = ${marker.name})`)
  })
  await expect.poll(() => world.countOf(marker.name), soon).toMatchObject({ due: 1, running: 0 })
}
let markers = 0

test('a job whose process was killed runs again in another, and not before', async () => {
  const kind = kindOf('again', 3)
  const child = await stuckProcess(kind)
  const attempts = performHere(kind)
  await lookForTheDead()
  expect(attempts).toEqual([])

  await child.kill()
  await expect.poll(() => attempts, soon).toEqual([2])
  await expect.poll(() => world.countOf(kind.name), soon).toEqual({ due: 0, waiting: 0, running: 0, parked: 0 })
  const told = { kind: kind.name, attempt: 1, attempts: 3, parked: false, error: expect.any(WorkerDied) as unknown }
  await expect.poll(() => failuresOf(kind), soon).toMatchObject([told])
})

test('a job that kills its process every time is parked, and that is told once', async () => {
  const kind = kindOf('parked', 1)
  const child = await stuckProcess(kind)
  await child.kill()
  const attempts = performHere(kind)
  await expect.poll(() => world.countOf(kind.name), soon).toMatchObject({ running: 0, parked: 1 })
  await lookForTheDead()
  await expect.poll(() => failuresOf(kind), soon).toMatchObject([{ attempt: 1, attempts: 1, parked: true }])
  expect(attempts).toEqual([])
})
