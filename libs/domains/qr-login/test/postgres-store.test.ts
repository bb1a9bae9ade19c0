import { randomUUID } from 'node:crypto'
import { shiftClock, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { postgresStore, sweeps } from '../src/index.ts'
import { tables, type TestTables } from './fixtures.ts'
import { count } from './relay.ts'

let data: TestTables
beforeAll(async () => {
  data = await tables()
})
afterAll(() => data.end())

const rows = async () => {
  const counted = sql`select (select count(*) from qr_login.sessions)::int as sessions, (select count(*) from qr_login.limits)::int as limits`
  return data.owner.one(z.object({ sessions: z.int(), limits: z.int() }), counted)
}
const sweepAll = async () => {
  for (const one of sweeps) await one.run(data, new AbortController().signal)
}

test('what expired is removed, and what is alive stays', async () => {
  const store = postgresStore(data.database)
  const open = (shortCode: string) =>
    store.create({ id: randomUUID(), shortCode, publicKey: 'key' }, { most: 10, lifetime: 120 })
  await open('00000001')
  await store.hit('short', { points: 1, window: 60 })
  await store.hit('long', { points: 1, window: 600 })
  await shiftClock(data.owner, '100 seconds')
  await open('00000002')
  await sweepAll()
  expect(await rows()).toEqual({ sessions: 2, limits: 1 })
  await shiftClock(data.owner, '21 seconds')
  await sweepAll()
  expect(await rows()).toEqual({ sessions: 1, limits: 1 })
  await shiftClock(data.owner, '600 seconds')
  await sweepAll()
  expect(await rows()).toEqual({ sessions: 0, limits: 0 })
})

test('a payload is in no write-ahead log and no backup of it: the tables are unlogged', async () => {
  const kept = sql`select relname as name, relpersistence as kind from pg_class
                    where relnamespace = 'qr_login'::regnamespace and relkind = 'r' order by 1`
  expect(await data.owner.many(z.object({ name: z.string(), kind: z.string() }), kept)).toEqual([
    { name: 'devices', kind: 'p' },
    { name: 'limits', kind: 'u' },
    { name: 'sessions', kind: 'u' },
  ])
})

test('of many who wait for one payload at once, one gets it', async () => {
  const store = postgresStore(data.database)
  const id = randomUUID()
  await store.create({ id, shortCode: '00000003', publicKey: 'key' }, { most: 10, lifetime: 120 })
  await store.approve(id, { encryptedPayload: 'payload', approverDid: 'did:key:z' }, 60)
  const waiting = sql`select count(distinct pid)::int as many from pg_locks join pg_stat_activity using (pid)
                       where not granted and datname = current_database()`
  const taking = await data.owner.transaction(async (tx) => {
    await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
    await tx.run(sql`select from qr_login.sessions where id = ${id} for update`)
    const taken = Promise.all(Array.from({ length: 6 }, () => store.takePayload(id)))
    await expect.poll(async () => (await data.database.one(z.object({ many: z.int() }), waiting)).many).toBe(6)
    return { taken }
  })
  const taken = await taking.taken
  expect([count(taken, 'payload'), count(taken, undefined)]).toEqual([1, 5])
})

test('room is counted in what is alive, however many came, went, or were refused before', async () => {
  const fresh = await tables()
  const store = postgresStore(fresh.database)
  const room = { most: 3, lifetime: 120 }
  const open = (shortCode: string) => store.create({ id: randomUUID(), shortCode, publicKey: 'key' }, room)
  try {
    for (const code of ['00000001', '00000002', '00000003']) expect(await open(code)).toBe('created')
    expect(await open('00000004')).toBe('full')
    await fresh.owner.run(sql`delete from qr_login.sessions where short_code = '00000002'`)
    for (let draws = 0; draws < 5; draws++) expect(await open('00000001')).toBe('code-taken')
    expect(await open('00000005')).toBe('created')
    expect(await open('00000006')).toBe('full')
    await shiftClock(fresh.owner, '121 seconds')
    for (const code of ['00000001', '00000007', '00000008']) expect(await open(code)).toBe('created')
    expect(await open('00000009')).toBe('full')
  } finally {
    await fresh.end()
  }
})
