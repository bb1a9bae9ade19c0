import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { jobsWorld, soon } from '../test/jobs-world.ts'
import { enqueue } from './enqueue.ts'
import { job } from './job.ts'
import { mountWork } from './mount.ts'
import { perform } from './perform.ts'

const kindOf = (name: string) => job({ name: `naming.${name}`, payload: z.object({ row: z.int() }), attempts: 2 })

/** After so long PostgreSQL has looked for a deadlock behind who waits, and found none: it does not look again. */
const LOOKED_FOR_DEADLOCKS = 1_500

test('a worker that starts while a transaction adds jobs of kinds that are new to both ends neither', async () => {
  await using world = await jobsWorld()
  const [first, second] = [kindOf('first'), kindOf('second')]
  const performed: string[] = []
  const jobs = [first, second].map((kind) =>
    perform<object>()(kind, () => {
      performed.push(kind.name)
      return Promise.resolve()
    }),
  )
  await world.database.transaction(async (tx) => {
    await enqueue(tx, second, { row: 1 })
    world.work({ work: [mountWork({ jobs, deps: {} })] })
    await sleep(LOOKED_FOR_DEADLOCKS)
    await enqueue(tx, first, { row: 1 })
  })
  await expect.poll(() => performed.toSorted(), soon).toEqual([first.name, second.name])
})
