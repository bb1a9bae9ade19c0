import { EventEmitter } from 'node:events'
import { type Query, sql } from '@strongroom/storage'
import { makeWorkerUtils, type WithPgClient } from 'graphile-worker'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type JobsWorld, jobsWorld, soon } from '../test/jobs-world.ts'
import { startUnlocking } from './dead-workers.ts'
import { enqueue } from './enqueue.ts'
import { job } from './job.ts'
import { lockKey } from './locks.ts'
import { watchInHand } from './lost-jobs.ts'
import { tellSafely } from './tell.ts'

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const takeLock = (pool: string): Query => ({
  ...sql`${pool}`,
  text: `select pg_try_advisory_lock(${lockKey('$1::text')}) as taken`,
})

/** A job in the hands of a pool that holds no lock. */
async function jobOf(pool: string) {
  const kind = job({ name: `dead.${pool}`, payload: z.object({ row: z.int() }) })
  await enqueue(world.database, kind, { row: 1 })
  await world.owner.run(sql`
    update graphile_worker._private_jobs set locked_by = ${pool}, locked_at = now()
     where id = (select id from graphile_worker.jobs where task_identifier = ${kind.name})`)
  return kind.name
}

/** Looks for the dead, and counts the looks; the second waits until it is told to. */
async function look() {
  const utils = await makeWorkerUtils({ connectionString: world.url })
  const seen = { looks: 0 }
  const again = Promise.withResolvers<void>()
  const withPgClient = (async (work) => {
    if (seen.looks === 1) await again.promise
    const answer = await utils.withPgClient(work)
    seen.looks++
    return answer
  }) as WithPgClient
  const stopping = new AbortController()
  const inHand = watchInHand(new EventEmitter())
  const tell = tellSafely({})
  const options = { withPgClient, workerPool: { id: 'pool-looking' }, inHand, every: 3_600, grace: 0.2, tell }
  const looking = startUnlocking(options, stopping.signal)
  onTestFinished(async () => {
    again.resolve()
    stopping.abort()
    await looking.ended
    await utils.release()
  })
  return { seen, lookAgain: again.resolve }
}

test('a pool without a lock is dead, unless it comes back before the second look', async () => {
  const kinds = [await jobOf('pool-dead'), await jobOf('pool-back')] as const
  const { seen, lookAgain } = await look()
  await expect.poll(() => seen.looks, soon).toBe(1)
  expect(await world.database.reading.one(z.object({ taken: z.boolean() }), takeLock('pool-back'))).toEqual({
    taken: true,
  })
  lookAgain()
  await expect.poll(() => seen.looks, soon).toBe(2)
  expect([await world.countOf(kinds[0]), await world.countOf(kinds[1])]).toMatchObject([{ due: 1 }, { running: 1 }])
})
