import { type KeyDesk, type KeyRefused, openKeyDesk } from '@strongroom/service'
import { openLog } from '@strongroom/service/operator'
import type { TestApp } from '@strongroom/test-world'
import { expect } from 'vitest'
import { keyServer } from '../src/service.ts'

export const soon = { timeout: 60_000, interval: 200 }

export const openDesk = (app: TestApp): Promise<KeyDesk> =>
  openKeyDesk(keyServer, app.operator, openLog('desk', 'silent'))

/** How a desk refuses, as an operator sees it. */
export const refusalOf = async (asked: Promise<unknown>): Promise<Pick<KeyRefused, 'reason' | 'details'>> => {
  const { reason, details } = await asked.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as KeyRefused,
  )
  return { reason, details }
}

/** Publishes the next version, and activates it as soon as every process has loaded it. */
export async function activateNext(desk: KeyDesk): Promise<number> {
  const { version } = await desk.publish()
  await replicasFollow(desk)
  expect(await desk.activate()).toMatchObject({ version, outcome: 'activated' })
  await replicasFollow(desk)
  return version
}

export const replicasFollow = (desk: KeyDesk): Promise<void> =>
  expect.poll(async () => (await desk.status()).replicas.every(({ isCurrent }) => isCurrent), soon).toBe(true)

export async function rewrapped(desk: KeyDesk): Promise<void> {
  await desk.beginRewrap()
  await expect.poll(async () => (await desk.rewrapProgress()).state, soon).toBe('finished')
}

/** As if what was done so far had been done an hour ago. */
export async function letTimePass(app: TestApp): Promise<void> {
  await app.sql(`update keystore.replicas set since = since - interval '1 hour'`)
  await app.sql(`update keystore.rewraps set finished_at = finished_at - interval '1 hour'`)
  await app.sql(`alter table keystore.keys disable trigger raise_generation`)
  await app.sql(`update keystore.keys set retired_at = retired_at - interval '1 hour'`)
  await app.sql(`alter table keystore.keys enable trigger raise_generation`)
}
