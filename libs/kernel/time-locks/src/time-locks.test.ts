import { auditMigrations } from '@strongroom/audit'
import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import {
  type Database,
  fingerprint,
  migrate,
  openDatabase,
  shiftClock,
  sql,
  type Statements,
  storageMigrations,
} from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { findLinkedLock, issueCancelLink, useCancelLink } from './cancel-links.ts'
import { claimNotices, sweepLocks } from './notices.ts'
import type { LockPolicy } from './policy.ts'
import { drawLock, isGenuine, LOCK_USE } from './stamp.ts'
import {
  armLock,
  cancelLocks,
  endLock,
  findLock,
  type Held,
  isLocked,
  lapseLocks,
  LockContended,
  prolongBlocked,
  readLock,
  timeLockMigrations,
} from './store.ts'

const DAY = 86_400
const policy: LockPolicy = { kind: 'pin-reset', delay: 30 * DAY, window: 30 * DAY, contest: 30 * DAY }
const sets = [storageMigrations, auditMigrations, timeLockMigrations]

let world: TestDatabase
let database: Database
let owner: Database
let hsm: Keystore
let subject: string
let subjects = 0

beforeAll(async () => {
  const place = { ...(await softToken()), deployment: 'test', app: 'time-locks' }
  hsm = await openKeystore({
    ...place,
    keys: await provisionKeys({ ...place, needs: [{ job: 'mac', use: LOCK_USE }], existing: [] }),
  })
  world = await testDatabase({
    template: `time_locks_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url })
  owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
})
afterAll(async () => {
  await Promise.all([hsm.close(), database.close(), owner.close()])
  await world.drop()
})
beforeEach(() => {
  subject = `key-${String(subjects++)}`
})

const arm = async (who: Held) => armLock(database, policy, await drawLock({ database, hsm }, policy, who))
const held = (holder = 'phone') => ({ subject, holder })
const pass = (interval: string) => shiftClock(owner, interval)
const events = async () =>
  (await claimNotices(database, policy, 1000)).filter((one) => one.subject === subject).map((one) => one.event)
const find = (holder?: string) => findLock(database, policy, held(holder))
const locked = async () =>
  (await database.one(z.object({ is: z.boolean() }), sql`select ${isLocked(policy, sql`${subject}`)} as is`)).is

test('a lock opens after its delay and lapses after its window, by the clock of the database alone', async () => {
  const lock = await arm(held())
  expect(lock.open).toBe(false)
  await pass('29 days 23 hours 59 minutes')
  expect((await find())?.open).toBe(false)
  await pass('2 minutes')
  expect((await find())?.open).toBe(true)
  await pass('29 days 23 hours')
  expect((await find())?.open).toBe(true)
  await pass('1 hour')
  expect(await find()).toBeUndefined()
  expect(await endLock(database, policy, { lockId: lock.id, as: 'done' })).toBe(false)
})

test('a lock is the token’s word: one that was written past us, or moved in any way, is not genuine', async () => {
  const lock = await arm(held())
  expect(await isGenuine(hsm, policy, (await find()) ?? lock)).toBe(true)
  const changes = [
    sql`opens_at = armed_at`,
    sql`holder = 'thief'`,
    sql`subject = 'another'`,
    sql`stamp = null`,
    sql`stamp = sha256(stamp)`,
  ]
  for (const change of changes) {
    const forged = await arm({ subject: `forged-${String(subjects++)}`, holder: 'phone' })
    await owner.run(sql`update time_locks.locks set ${change} where id = ${forged.id}`)
    const read = await readLock(database, forged.id)
    expect(read && (await isGenuine(hsm, policy, read))).toBe(false)
  }
  const other = { ...policy, kind: 'another-kind' }
  expect(await isGenuine(hsm, other, lock)).toBe(false)
})

test('a lock that ended, however it ended, is not brought back past us', async () => {
  const [done, cancelled, lapsed] = [await arm(held('a')), await arm(held('b')), await arm(held('c'))]
  await endLock(database, policy, { lockId: cancelled.id, as: 'cancelled' })
  await endLock(database, policy, { lockId: done.id, as: 'done' })
  await pass('61 days')
  await lapseLocks(database, policy)
  for (const { id } of [done, cancelled, lapsed]) {
    await owner.run(sql`
      update time_locks.locks set state = 'active', ended_at = null, lapses_at = strongroom.now() + interval '1 day'
       where id = ${id}`)
    const read = await readLock(database, id)
    expect(read && (await isGenuine(hsm, policy, read))).toBe(false)
  }
})

test('one that was armed by another request, and ended before it was read, is armed anew', async () => {
  const [first, mine] = await Promise.all([1, 2].map(() => drawLock({ database, hsm }, policy, held())))
  let asked = 0
  const overtaken: Statements = {
    ...database,
    // Found by nobody, then in the way, then gone: another request arms it and ends it in between.
    async maybe(row, query) {
      asked++
      if (asked === 2 && first) await armLock(database, policy, first)
      const found = await database.maybe(row, query)
      if (asked === 2 && first) await endLock(database, policy, { lockId: first.id, as: 'cancelled' })
      return found
    },
  }
  expect(await (mine && armLock(overtaken, policy, mine))).toMatchObject({ id: mine?.id })
  expect(await find()).toMatchObject({ id: mine?.id })
})

test('one that has lapsed while somebody holds it is an outage, not an error', async () => {
  const { id } = await arm(held())
  const drawn = await drawLock({ database, hsm }, policy, held())
  await pass('61 days')
  await owner.transaction(async (tx) => {
    await tx.run(sql`select from time_locks.locks where id = ${id} for update`)
    await expect(armLock(database, policy, drawn)).rejects.toThrow(LockContended)
  })
  expect((await armLock(database, policy, drawn)).id).toBe(drawn.id)
})

test('a second start neither shortens nor prolongs, at once or later', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => arm(held())))
  await pass('10 days')
  const again = await arm(held())
  expect(new Set([...all, again].map(({ id }) => id)).size).toBe(1)
  expect(again.opensAt).toEqual(all[0]?.opensAt)
})

test('another holder has a lock of its own', async () => {
  const [phone, mail] = [await arm(held('phone')), await arm(held('mail'))]
  expect(phone.id).not.toBe(mail.id)
  expect(await endLock(database, policy, { lockId: phone.id, as: 'cancelled' })).toBe(true)
  expect([await find('phone'), (await find('mail'))?.id]).toEqual([undefined, mail.id])
  await arm(held('phone'))
  expect(await cancelLocks(database, policy, subject)).toBe(2)
  expect(await locked()).toBe(false)
})

test('notices come due at arming, half-time, opening and lapse, each once', async () => {
  await arm(held())
  expect(await events()).toEqual(['armed'])
  await pass('14 days 23 hours')
  expect(await events()).toEqual([])
  await pass('1 hour 1 minute')
  expect(await events()).toEqual(['half-time'])
  await pass('15 days')
  expect(await events()).toEqual(['open'])
  await pass('30 days')
  await lapseLocks(database, policy)
  expect(await events()).toEqual(['lapsed'])
  expect(await events()).toEqual([])
})

test('an end silences what was still to be told, and tells itself', async () => {
  const lock = await arm(held())
  await events()
  await pass('31 days')
  expect(await endLock(database, policy, { lockId: lock.id, as: 'done' })).toBe(true)
  expect(await events()).toEqual(['done'])
  expect(await endLock(database, policy, { lockId: lock.id, as: 'done' })).toBe(false)
})

test('notices claimed in a transaction that fails are due again; two processes never claim one twice', async () => {
  await arm(held())
  const failing = database.transaction(async (tx) => {
    await claimNotices(tx, policy, 1000)
    throw new Error('killed')
  })
  await expect(failing).rejects.toThrow('killed')
  const claims = await Promise.all(Array.from({ length: 5 }, () => events()))
  expect(claims.flat()).toEqual(['armed'])
})

test('who claims notices of one kind leaves those of another to be claimed', async () => {
  const other = { ...policy, kind: 'account-change' }
  await armLock(database, other, await drawLock({ database, hsm }, other, held()))
  expect(await events()).toEqual([])
  const claimed = await claimNotices(database, other, 1000)
  expect(claimed.filter((one) => one.subject === subject).map(({ event }) => event)).toEqual(['armed'])
})

test('a cancel link works once, cancels its lock and contests the subject', async () => {
  const lock = await arm(held())
  const [token, other] = [await issueCancelLink(database, lock.id), await issueCancelLink(database, lock.id)]
  expect((await findLinkedLock(database, policy, token))?.lockId).toBe(lock.id)
  expect(await find()).toBeDefined()
  const used = await Promise.all(
    [token, token, other].map((one) => database.transaction((tx) => useCancelLink(tx, policy, one))),
  )
  expect(used.filter(Boolean)).toHaveLength(1)
  expect(await find()).toBeUndefined()
})

test('after a cancel link every lock is contested: those that wait, and those that are armed within the time', async () => {
  const thief = await arm(held('thief'))
  const mine = await arm(held('owner'))
  expect([thief.contested, mine.contested]).toEqual([false, false])
  const token = await issueCancelLink(database, thief.id)
  await database.transaction((tx) => useCancelLink(tx, policy, token))
  expect((await find('owner'))?.contested).toBe(true)
  await pass('29 days')
  expect((await arm(held('thief'))).contested).toBe(true)
  await pass('2 days')
  expect((await find('thief'))?.contested).toBe(true)
  expect((await arm(held('another'))).contested).toBe(false)
})

test('a link of a lock that ended, and one that was made up, do nothing', async () => {
  const lock = await arm(held())
  const token = await issueCancelLink(database, lock.id)
  await cancelLocks(database, policy, subject)
  const again = await arm(held())
  for (const one of [token, 'A'.repeat(43)]) expect(await useCancelLink(database, policy, one)).toBeUndefined()
  expect((await find())?.id).toBe(again.id)
})

test('the database does not hold the link', async () => {
  const lock = await arm(held())
  const token = await issueCancelLink(database, lock.id)
  const rows = await owner.many(
    z.object({ row: z.string() }),
    sql`select c::text as row from time_locks.cancel_links as c`,
  )
  expect(
    rows.some(({ row }) => row.includes(token) || row.includes(Buffer.from(token, 'base64url').toString('hex'))),
  ).toBe(false)
})

test('time during which the holder was blocked is added to an open window, once, and never to an armed one', async () => {
  const { lapsesAt } = await arm(held())
  const now = async () => (await database.one(z.object({ at: z.date() }), sql`select strongroom.now() as at`)).at
  const inDays = async (days: number) => new Date((await now()).getTime() + days * DAY * 1000)
  await prolongBlocked(database, policy, { ...held(), until: await inDays(7) })
  expect((await find())?.lapsesAt).toEqual(lapsesAt)
  await pass('31 days')
  const until = await inDays(7)
  for (let i = 0; i < 3; i++) await prolongBlocked(database, policy, { ...held(), until })
  const grown = ((await find())?.lapsesAt.getTime() ?? 0) - lapsesAt.getTime()
  expect(Math.round(grown / 1000 / DAY)).toBe(7)
  expect((await events()).filter((event) => event === 'open')).toHaveLength(2)
})

test('ended locks are forgotten after their time, active ones are not', async () => {
  const lock = await arm(held('gone'))
  await endLock(database, policy, { lockId: lock.id, as: 'cancelled' })
  await arm(held('kept'))
  await pass('8 days')
  expect(await sweepLocks(database, policy, 7 * DAY)).toBeGreaterThan(0)
  expect(await find('kept')).toBeDefined()
  const left = await owner.many(
    z.object({ id: z.uuid() }),
    sql`select id from time_locks.locks where subject = ${subject}`,
  )
  expect(left).toHaveLength(1)
})
