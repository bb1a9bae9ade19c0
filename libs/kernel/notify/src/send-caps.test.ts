import { createHmac } from 'node:crypto'
import {
  type Database,
  fingerprint,
  migrate,
  openDatabase,
  shiftClock,
  sql,
  storageMigrations,
} from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { notifyMigrations, type SendCaps, sweepSends, takeSend } from './send-caps.ts'

const sets = [storageMigrations, notifyMigrations]
const generous: SendCaps = { recipientPerHour: 5, recipientPerDay: 20, prefixPerDay: 500, channelPerDay: 100_000 }
const HOUR = 3_600_000

let world: TestDatabase
let replicas: readonly Database[]
let owner: Database
const first = () => replicas[0] as Database

beforeEach(async () => {
  world = await testDatabase({
    template: `notify_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  // Two pools stand for two processes.
  replicas = [1, 2].map(() => openDatabase({ connectionString: world.url, connections: 8 }))
  owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
})
afterEach(async () => {
  await Promise.all([...replicas, owner].map((one) => one.close()))
  await world.drop()
})

const macOf = (number: string) => createHmac('sha256', 'outside the database').update(number).digest()
const take = (number: string, caps = generous, index = 0) =>
  takeSend(replicas[index % 2] as Database, { channel: 'sms', caps, recipient: macOf(number), prefix: '+4479' })
/** As many at once as keep both pools busy; a queue of ten thousand would outwait its connections on a busy machine. */
const AT_ONCE = 100
const takenOf = async (times: number, one: (index: number) => ReturnType<typeof take>) => {
  let [next, taken] = [0, 0]
  const lane = async () => {
    while (next < times) if ((await one(next++)).taken) taken++
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return taken
}
const now = async () => (await first().one(z.object({ at: z.date() }), sql`select strongroom.now() as at`)).at.getTime()
const hoursUntil = async (refused: Awaited<ReturnType<typeof take>>) =>
  refused.taken ? 0 : Math.round(((refused.until.getTime() - (await now())) / HOUR) * 10) / 10

test('of a hundred takes at once over two processes exactly the cap is taken', async () => {
  expect(await takenOf(100, (index) => take('+447900000001', generous, index))).toBe(5)
})

const numberOf = (index: number) => `+4479${String(index % 5000).padStart(8, '0')}`

test('ten thousand sends over five thousand numbers of one prefix stay under its cap', async () => {
  expect(await takenOf(10_000, (index) => take(numberOf(index), generous, index))).toBe(500)
}, 120_000)

test('the whole channel has a cap too, and another channel is not charged for it', async () => {
  const caps = { ...generous, channelPerDay: 30 }
  expect(await takenOf(100, (index) => take(`+44790000${String(index)}`, caps, index))).toBe(30)
  const mail = await takeSend(first(), { channel: 'email', caps, recipient: 'a mac' })
  expect(mail).toEqual({ taken: true })
})

test('what one cap refuses is charged to none', async () => {
  const closed = { ...generous, channelPerDay: 0 }
  expect(await takenOf(20, (index) => take('+447900000002', closed, index))).toBe(0)
  expect(await takenOf(20, (index) => take('+447900000002', generous, index))).toBe(5)
})

test('no sixty minutes hold more than the hour, wherever they begin', async () => {
  await take('+447900000003')
  await shiftClock(owner, '59 minutes')
  expect(await takenOf(10, () => take('+447900000003'))).toBe(4)
  await shiftClock(owner, '2 minutes')
  expect(await takenOf(10, () => take('+447900000003'))).toBe(1)
})

test('a refusal tells when to come back, and then one more is taken', async () => {
  await takenOf(5, () => take('+447900000004'))
  expect(await hoursUntil(await take('+447900000004'))).toBe(1)
  for (let hour = 0; hour < 3; hour++) {
    await shiftClock(owner, '61 minutes')
    expect(await takenOf(10, () => take('+447900000004'))).toBe(5)
  }
  await shiftClock(owner, '61 minutes')
  const refused = await take('+447900000004')
  expect(await hoursUntil(refused)).toBe(19.9)
  await shiftClock(owner, '20 hours')
  expect(await take('+447900000004')).toEqual({ taken: true })
})

test('a day of a prefix ends, and its cap begins anew', async () => {
  const caps = { ...generous, prefixPerDay: 2 }
  expect(await takenOf(5, (index) => take(`+44790${String(index)}`, caps))).toBe(2)
  expect(await hoursUntil(await take('+447909', caps))).toBe(24)
  await shiftClock(owner, '25 hours')
  expect(await takenOf(5, (index) => take(`+44791${String(index)}`, caps))).toBe(2)
})

test('old counters are swept, those that still limit are kept', async () => {
  await takenOf(5, () => take('+447900000005'))
  expect(await sweepSends(first())).toBe(0)
  await shiftClock(owner, '23 hours')
  await take('+447900000006')
  expect(await sweepSends(first())).toBe(0)
  await shiftClock(owner, '2 hours')
  // The older number, the prefix and the channel.
  expect(await sweepSends(first())).toBe(3)
  expect(await takenOf(10, () => take('+447900000006'))).toBe(5)
})

test('nothing in the tables tells whom it was sent to', async () => {
  await takeSend(first(), { channel: 'email', caps: generous, recipient: 'canary@example.com' })
  await take('+447912345678')
  const rows = await owner.many(
    z.object({ row: z.string() }),
    sql`select r::text as row from notify.recipients as r union all select t::text from notify.tallies as t`,
  )
  const all = rows.map(({ row }) => row).join('\n')
  for (const canary of ['canary', '2345678']) {
    expect(all).not.toContain(canary)
    expect(all).not.toContain(Buffer.from(canary).toString('hex'))
  }
})

test('a whole number is no prefix, and a cap is a whole number', async () => {
  const asked = { channel: 'sms', caps: generous, recipient: 'mac' } as const
  await expect(takeSend(first(), { ...asked, prefix: '+447912345678' })).rejects.toThrow('1 to 7 digits')
  await expect(takeSend(first(), { ...asked, caps: { ...generous, channelPerDay: -1 } })).rejects.toThrow('>=0')
})
