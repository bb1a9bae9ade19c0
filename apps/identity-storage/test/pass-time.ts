import { enqueue, runSweepsNow } from '@strongroom/jobs'
import { type Database, openDatabase, shiftClock } from '@strongroom/storage'
import type { TestApp } from '@strongroom/test-world'

/** Moves the time of an app's database on, by an interval such as `31 days`, and has its sweeps run. */
export const passTime = (app: TestApp, interval: string): Promise<void> =>
  asOwner(app, async (owner) => {
    await shiftClock(owner, interval)
    await enqueue(owner, runSweepsNow, {})
  })

/** The same without sweeps: what is over must be so before anybody has swept it. */
export const moveClock = (app: TestApp, interval: string): Promise<void> =>
  asOwner(app, (owner) => shiftClock(owner, interval))

async function asOwner({ database: { adminUrl } }: TestApp, work: (owner: Database) => Promise<void>): Promise<void> {
  const owner = openDatabase({ connectionString: adminUrl, connections: 1 })
  try {
    await work(owner)
  } finally {
    await owner.close()
  }
}
