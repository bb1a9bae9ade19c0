import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { mountWork, startWorker } from '@strongroom/jobs'
import { sql } from '@strongroom/storage'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { flowWork } from '../../src/flow/work.ts'
import { type FlowWorld, flowWorld, hexOf, planOf, testKey } from './flow-world.ts'

let world: FlowWorld
beforeEach(async () => {
  world = await flowWorld({ proposalKeys: 3 })
})
afterEach(() => world[Symbol.asyncDispose]())

const newPlan = () => planOf(randomUUID(), testKey(), testKey())

function workHere() {
  const work = [mountWork(flowWork([world.relayWith({ pollSeconds: 0.05 })]))]
  const worker = startWorker({ connectionString: world.url, work, concurrency: 4, unlock: { every: 3, grace: 2 } })
  onTestFinished(() => worker.stop())
}

const statesOf = async (ids: readonly string[]) =>
  (await Promise.all(ids.map((id) => world.stateOf(id)))).map(({ state }) => state)
const created = () =>
  world.stub.outcomes().filter(({ events }) => events.some(({ type }) => type === 'flow.AccountCreated')).length

test('a worker deploys what was queued, also more than there are keys, and what a dead one left behind', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => world.deploy(newPlan())))
  await world.owner.run(sql`delete from graphile_worker._private_jobs where key = ${`flow.${ids[0] ?? ''}`}`)
  workHere()
  await expect.poll(() => statesOf(ids)).toEqual(ids.map(() => 'succeeded'))
  expect(created()).toBe(8)
})

/** A worker in a process of its own, at that step of the one deployment that there is. */
async function workerAt(step: string) {
  const { accessUrl, payer } = world.chain.access.setting
  const setting = {
    accessUrl,
    payer,
    transactionsPerDay: 1000,
    pollSeconds: 0.05,
  }
  const env = {
    PATH: process.env['PATH'],
    FLOW_DATABASE: world.url,
    FLOW_SETTING: JSON.stringify(setting),
    FLOW_PAYER: hexOf(world.payer.secret),
    FLOW_STOP_AT: step,
  }
  const file = join(import.meta.dirname, 'worker-process.ts')
  const child = spawn(process.execPath, ['--conditions=@strongroom/source', file], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

test.each([
  ['asked', { hash: null, made: 0 }],
  ['signing', { hash: null, made: 0 }],
  ['sending', { hash: expect.any(String) as unknown, made: 0 }],
  ['sent', { hash: expect.any(String) as unknown, made: 1 }],
])('a worker that is killed when it has %s leaves one account', async (step, { hash, made }) => {
  const id = await world.deploy(newPlan())
  const child = await workerAt(step)
  expect(await world.stateOf(id)).toMatchObject({ state: 'queued', hash })
  expect(created()).toBe(made)
  child.kill('SIGKILL')
  await once(child, 'exit')
  workHere()
  await expect.poll(() => statesOf([id])).toEqual(['succeeded'])
  expect(created()).toBe(1)
  expect(await world.freeKeys()).toBe(3)
})
