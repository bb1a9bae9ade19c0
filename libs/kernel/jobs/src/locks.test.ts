import { makeWorkerUtils } from 'graphile-worker'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type JobsWorld, jobsWorld } from '../test/jobs-world.ts'
import { askerOver, type Client } from './locks.ts'
import { settlesWithin } from './pause.ts'

let world: JobsWorld
beforeAll(async () => {
  world = await jobsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** As a machine does that has no time for this process. */
function standStill(milliseconds: number): void {
  for (const over = performance.now() + milliseconds; performance.now() < over;);
}

const neverLost = new AbortController().signal

test('a process that stood still for longer than its patience takes that for no silence of the server', async () => {
  const utils = await makeWorkerUtils({ connectionString: world.url })
  onTestFinished(() => utils.release())
  const answer = await utils.withPgClient(async (client) => {
    const asked = askerOver(client, neverLost)('select 7 as answer')
    // Sent, and answered behind our back.
    await new Promise((resolve) => setImmediate(resolve))
    standStill(5_200)
    return asked
  })
  expect(answer).toBe(7)
})

test('a server that says nothing is given up', async () => {
  const silent = { query: () => new Promise(() => undefined) } as unknown as Client
  await expect(askerOver(silent, neverLost)('select 7 as answer')).rejects.toThrow('the connection is silent')
})

test('what settled while the process stood still settled in time', async () => {
  const utils = await makeWorkerUtils({ connectionString: world.url })
  onTestFinished(() => utils.release())
  const inTime = await utils.withPgClient(async (client) => {
    const settled = settlesWithin(1_000, client.query('select 1'))
    await new Promise((resolve) => setImmediate(resolve))
    standStill(3_000)
    return settled
  })
  expect(inTime).toBe(true)
})
