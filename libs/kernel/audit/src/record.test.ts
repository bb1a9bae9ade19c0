import { fingerprint, migrate, openDatabase, type Database, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { securityEvent } from './event.ts'
import { appendEvent, auditMigrations, recordEvent } from './record.ts'

const sets = [storageMigrations, auditMigrations]
const doorOpened = securityEvent('door.opened', z.object({ floor: z.int() }))
let world: TestDatabase
let database: Database

beforeAll(async () => {
  world = await testDatabase({
    template: `audit_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url })
})
afterAll(async () => {
  await database.close()
  await world.drop()
})

const row = z.object({ event: z.string(), detail: z.unknown() })
const told = (subject: string) =>
  database.many(row, sql`select event, detail from audit.events where subject = ${subject} order by id`)

test('an event is written with its transaction, or not at all', async () => {
  await database.transaction((tx) => recordEvent(tx, doorOpened, { subject: 'kept', detail: { floor: 2 } }))
  const lost = database.transaction(async (tx) => {
    await recordEvent(tx, doorOpened, { subject: 'lost', detail: { floor: 2 } })
    throw new Error('bug')
  })
  await expect(lost).rejects.toThrow('bug')
  expect(await told('kept')).toEqual([{ event: 'door.opened', detail: { floor: 2 } }])
  expect(await told('lost')).toEqual([])
})

test('detail that was not declared is refused', async () => {
  const detail = { floor: 2, visitor: 'ann@example.com' }
  await expect(recordEvent(database, doorOpened, { subject: 'extra', detail })).rejects.toThrow('visitor')
  expect(await told('extra')).toEqual([])
})

test('a larger statement writes an event for each of its rows', async () => {
  const detail = sql`jsonb_build_object('floor', n)`
  await database.run(sql`
    with floors as (select generate_series(1, 2) as n) ${appendEvent(doorOpened, { subject: 'many', detail, from: sql`floors` })}`)
  expect((await told('many')).map((one) => one.detail)).toEqual([{ floor: 1 }, { floor: 2 }])
})

test.each([
  sql`update audit.events set detail = '{}'`,
  sql`delete from audit.events`,
  sql`truncate audit.events`,
  sql`drop table audit.events`,
  sql`alter table audit.events disable trigger all`,
])('the runtime role may not: $text', async (statement) => {
  await expect(database.run(statement)).rejects.toMatchObject({ code: '42501' })
})
