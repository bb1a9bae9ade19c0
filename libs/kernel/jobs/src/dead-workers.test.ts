import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
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

/** Looks for the dead with so many seconds of grace, and counts the looks. */
async function look(grace: number) {
  const utils = await makeWorkerUtils({ connectionString: world.url })
  const seen = { looks: 0 }
  const withPgClient = (async (work) => {
    const answer = await utils.withPgClient(work)
    seen.looks++
    return answer
  }) as WithPgClient
  const stopping = new AbortController()
  const inHand = watchInHand(new EventEmitter())
  const tell = tellSafely({})
  const options = { withPgClient, workerPool: { id: 'pool-looking' }, inHand, every: 3_600, grace, tell }
  const looking = startUnlocking(options, stopping.signal)
  onTestFinished(async () => {
    stopping.abort()
    await looking.ended
    await utils.release()
  })
  return seen
}

test('a pool without a lock is dead, unless it comes back before the second look', async () => {
  const kinds = [await jobOf('pool-dead'), await jobOf('pool-back')] as const
  const seen = await look(2)
  await expect.poll(() => seen.looks, soon).toBe(1)
  await delay(200)
  expect(await world.database.reading.one(z.object({ taken: z.boolean() }), takeLock('pool-back'))).toEqual({
    taken: true,
  })
  await expect.poll(() => seen.looks, soon).toBe(2)
  expect([await world.countOf(kinds[0]), await world.countOf(kinds[1])]).toMatchObject([{ due: 1 }, { running: 1 }])
})
