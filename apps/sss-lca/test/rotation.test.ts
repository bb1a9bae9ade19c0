import { type KeyDesk, openKeyDesk } from '@strongroom/service'
import { openLog } from '@strongroom/service/operator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sssLca } from '../src/service.ts'
import { personOf, startSssLca, type World } from './client.ts'
import { newEmail, newShare } from './people.ts'

const soon = { timeout: 60_000, interval: 200 }

let world: World
let desk: KeyDesk
beforeAll(async () => {
  world = await startSssLca({ settings: { REWRAP_ROWS_PER_SECOND: '1000' } })
  desk = await openKeyDesk(sssLca, world.app.operator, openLog('desk', 'silent'))
})
afterAll(async () => {
  await desk.close()
  await world[Symbol.asyncDispose]()
})

const replicasFollow = () =>
  expect.poll(async () => (await desk.status()).replicas.every(({ isCurrent }) => isCurrent), soon).toBe(true)

test('a copy that is held keeps the keys alive by which it was sealed', async () => {
  const ann = personOf(world, { email: newEmail() })
  const [first, second] = [newShare(), newShare()]
  for (const share of [first, second]) expect((await ann.put(share)).status).toBe(200)
  await desk.publish()
  await replicasFollow()
  await desk.activate()
  await replicasFollow()
  await desk.beginRewrap()
  await expect.poll(async () => (await desk.rewrapProgress()).state, soon).toBe('finished')
  const { columns } = await desk.references(1)
  expect(columns).toContainEqual({ table: 'secret_shares.held', column: 'record', rows: 1 })
  expect(columns.map(({ table }) => table)).not.toContain('secret_shares.shares')
  expect((await ann.restore({ shareVersion: 1 })).status).toBe(200)
  expect((await ann.get()).body).toMatchObject({ authShare: { encryptedData: first } })
})
