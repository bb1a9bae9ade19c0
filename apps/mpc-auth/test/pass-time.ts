import { enqueue, runSweepsNow } from '@strongroom/jobs'
import { openDatabase, shiftClock } from '@strongroom/storage'
import type { TestApp } from '@strongroom/test-world'

/** Moves the time of an app's database on, by an interval such as `31 days`, and has its sweeps run. */
export async function passTime({ database: { adminUrl } }: TestApp, interval: string): Promise<void> {
  const owner = openDatabase({ connectionString: adminUrl, connections: 1 })
  try {
    await shiftClock(owner, interval)
    await enqueue(owner, runSweepsNow, {})
  } finally {
    await owner.close()
  }
}
