import { once } from 'node:events'
import { enqueue, runSweepsNow } from '@strongroom/jobs'
import { openDatabase, shiftClock } from '@strongroom/storage'
import { startApp, type AppProcess, type Settings, type TestApp } from '@strongroom/test-world'
import type { Place } from '../src/index.ts'

interface KeyServerWish {
  processes?: number
  settings?: Settings
}

export const noLimits = { CREATIONS_PER_ADDRESS: '1000000', CREATIONS_IN_ALL: '1000000', LOG_LEVEL: 'debug' }

/** Our app as the target. Creating keys is not under attack here, so nobody waits for its limits. */
export const startKeyServer = ({ processes = 1, settings = {} }: KeyServerWish = {}): Promise<TestApp> =>
  startApp({ app: 'key-server', processes, settings: { ...noLimits, ...settings } })

export const baseUrlOf = ({ baseUrls: [first] }: { baseUrls: readonly string[] }): string => {
  if (first === undefined) throw new Error('No process is listening.')
  return first
}

/** One of its processes as an attack sees it. */
export const placeOf = (app: TestApp, { baseUrl } = { baseUrl: baseUrlOf(app) }): Place => ({
  baseUrl,
  textsTo: async (address) => (await app.messagesTo(address)).map(({ text }) => text),
})

/** Moves the time of the app's database on, by an interval such as `31 days`, and has its sweeps run. */
export async function passTime({ database }: Pick<TestApp, 'database'>, interval: string): Promise<void> {
  const owner = openDatabase({ connectionString: database.adminUrl, connections: 1 })
  try {
    await shiftClock(owner, interval)
    await enqueue(owner, runSweepsNow, {})
  } finally {
    await owner.close()
  }
}

/** A process that serves callers and performs no work: it must not even know how to log in to the recovery token. */
export const spawnApi = (app: Pick<TestApp, 'spawn'>): Promise<AppProcess> =>
  app.spawn({ RECOVERY_HSM_PIN_FILE: undefined }, '--role=api')

/** As the power would: no handler runs. */
export async function kill({ child }: Pick<AppProcess, 'child'>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Whether an answer came before the connection broke. */
export const outcomeOf = (asked: Promise<unknown>): Promise<'answered' | 'lost'> =>
  asked.then(
    () => 'answered',
    () => 'lost',
  )
