import { setTimeout as pass } from 'node:timers/promises'
import { clientOf } from '@strongroom/key-server/testing'
import type { AppProcess } from '@strongroom/test-world'
import { expect, it } from 'vitest'
import { drawFrom, drawSeed, startMailTrap } from '../src/index.ts'
import { startOnCluster } from './app-on-cluster.ts'
import { spawnApi } from './key-server.ts'
import { findOrphans } from './orphans.ts'
import { startOwnCluster } from './own-cluster.ts'

const randomness = drawFrom(drawSeed())
const patient = { timeout: 60_000 }

interface Acknowledged {
  keyId: string
  /** Whose addition was answered. */
  userId?: string
}

/** Creates keys and users as fast as it can, whatever comes, until told to stop. */
async function keepCreating(baseUrl: string, made: Acknowledged[], stop: AbortSignal): Promise<void> {
  const client = clientOf(baseUrl)
  while (!stop.aborted) {
    try {
      const one: Acknowledged = { keyId: await client.create('4829') }
      made.push(one)
      const userId = `${randomness.token(16)}@example.com`
      if ((await client.addUser(one.keyId, '4829', userId)).status === 201) one.userId = userId
    } catch {
      await pass(50)
    }
  }
}

const isRunning = ({ child }: AppProcess) => child.exitCode === null && child.signalCode === null

it.each(['stop', 'crash'] as const)(
  `case 9, PostgreSQL, %s: what was acknowledged is there, everything heals, nobody exits, ATTACK_SEED=${randomness.seed}`,
  async (how) => {
    await using trap = await startMailTrap()
    await using cluster = await startOwnCluster()
    await using app = await startOnCluster(cluster.url, { SMTP_URL: trap.url })
    const api = await spawnApi(app)
    const worker = await app.spawn({}, '--role=worker')
    const client = clientOf(api.baseUrl)

    const made: Acknowledged[] = []
    const stop = new AbortController()
    const creating = Promise.all([0, 1, 2].map(() => keepCreating(api.baseUrl, made, stop.signal)))
    await expect.poll(() => made.length).toBeGreaterThan(20)
    await cluster[how]()
    const acknowledged = made.length
    // Away is an outage that says when to come back: nothing is compared and nothing invented.
    const away = await client.open(made[0]?.keyId ?? '', '4829')
    expect([away.status, Number(away.headers.get('retry-after')) > 0]).toEqual([503, true])
    expect((await client.ask({ path: '/health/ready' })).status).toBe(503)
    expect((await client.ask({ path: '/health/live' })).status).toBe(200)
    await cluster.restart()
    await expect.poll(() => made.length, patient).toBeGreaterThan(acknowledged + 20)
    stop.abort()
    await creating

    expect([api, worker].every(isRunning)).toBe(true)
    await expect.poll(async () => (await client.ask({ path: '/health/ready' })).status, patient).toBe(200)
    for (const { keyId } of made) expect((await client.open(keyId, '4829')).status).toBe(200)
    const users = made.flatMap(({ userId }) => userId ?? [])
    expect(users.length).toBeGreaterThan(20)
    // The worker healed as well: whoever was answered is sent a code, whenever it was.
    await expect.poll(() => users.filter((userId) => trap.codesTo(userId).length === 0), patient).toEqual([])
    expect(await findOrphans(app)).toEqual([])
  },
  240_000,
)
