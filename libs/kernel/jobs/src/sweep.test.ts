import { afterEach, beforeEach, expect, test } from 'vitest'
import { type JobsWorld, jobsWorld, soon } from '../test/jobs-world.ts'
import { enqueue } from './enqueue.ts'
import { mountWork } from './mount.ts'
import { runSweepsNow, sweep } from './sweep.ts'
import type { SweepFailure } from './tell.ts'

let world: JobsWorld
beforeEach(async () => {
  world = await jobsWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

class TokenAway extends Error {
  readonly retryAfterSeconds = 0.01
}

type Run = (who: string, signal: AbortSignal) => Promise<void>
type Listeners = Omit<Parameters<JobsWorld['work']>[0], 'work'>
const processOf = (who: string, { every, run }: { every: number; run: Run }, listeners: Listeners = {}) => {
  const one = sweep<object>()({ name: 'tests.sweep', every, run: (_deps, signal) => run(who, signal) })
  return world.work({ ...listeners, work: [mountWork({ sweeps: [one], deps: {} })] })
}
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Counts runs, and runs beside another. */
const observer = (work: () => Promise<unknown> = async () => undefined) => {
  const seen = { runs: [] as string[], running: 0, overlaps: 0 }
  const run: Run = async (who) => {
    seen.runs.push(who)
    if (++seen.running > 1) seen.overlaps++
    await work()
    seen.running--
  }
  return { seen, run }
}

test('of several processes one sweeps, at its interval, never beside itself', async () => {
  const { seen, run } = observer(() => pause(60))
  for (const who of ['a', 'b', 'c']) processOf(who, { every: 0.03, run })
  await expect.poll(() => seen.runs.length, soon).toBeGreaterThan(5)
  expect(new Set(seen.runs).size).toBe(1)
  expect(seen.overlaps).toBe(0)
})

test('when the leader stops another takes over', async () => {
  const { seen, run } = observer()
  const processes = new Map(['a', 'b'].map((who) => [who, processOf(who, { every: 0.05, run })]))
  await expect.poll(() => seen.runs.length, soon).toBeGreaterThan(0)
  const leader = seen.runs[0] ?? ''
  await processes.get(leader)?.stop()
  const stoppedAt = seen.runs.length
  await expect.poll(() => seen.runs.length, soon).toBeGreaterThan(stoppedAt)
  expect(seen.runs.slice(stoppedAt)).not.toContain(leader)
})

test('a leader whose connection ends is told, and somebody leads again', async () => {
  const { seen, run } = observer()
  const lost: unknown[] = []
  const signals: AbortSignal[] = []
  const remember: Run = async (who, signal) => {
    if (!signals.includes(signal)) signals.push(signal)
    await run(who, signal)
  }
  for (const who of ['a', 'b'])
    processOf(who, { every: 0.05, run: remember }, { onConnectionLost: (e) => lost.push(e) })
  await expect.poll(() => signals.length, soon).toBe(1)
  expect(await world.cut('those with locks')).toBeGreaterThan(0)
  await expect.poll(() => signals.map(({ aborted }) => aborted), soon).toEqual([true, false])
  expect(lost.length).toBeGreaterThan(0)
  const before = seen.runs.length
  await expect.poll(() => seen.runs.length, soon).toBeGreaterThan(before)
})

test('an outage is told and tried again when it says, a bug at the next interval', async () => {
  const failures: SweepFailure[] = []
  let runs = 0
  const run: Run = async () => {
    if (++runs === 1) throw new TokenAway()
    throw new RangeError('bug')
  }
  processOf('a', { every: 3_600, run }, { onSweepFailed: (one) => failures.push(one) })
  await expect
    .poll(() => failures, soon)
    .toMatchObject([
      { name: 'tests.sweep', outage: true },
      { name: 'tests.sweep', outage: false },
    ])
})

test('a job has every sweep run at once, after one that runs already', async () => {
  const first = Promise.withResolvers<void>()
  let runs = 0
  const { seen, run } = observer(async () => {
    if (++runs === 1) await first.promise
  })
  for (const who of ['a', 'b']) processOf(who, { every: 3_600, run })
  await expect.poll(() => seen.runs.length, soon).toBe(1)
  await enqueue(world.database, runSweepsNow, {})
  await expect.poll(() => world.countOf(runSweepsNow.name), soon).toMatchObject({ due: 0, running: 0 })
  first.resolve()
  await expect.poll(() => seen.runs.length, soon).toBe(2)
  await enqueue(world.database, runSweepsNow, {})
  await expect.poll(() => seen.runs.length, soon).toBe(3)
  expect(seen.overlaps).toBe(0)
})
