import { randomBytes, randomUUID } from 'node:crypto'
import { auditMigrations } from '@strongroom/audit'
import { type Database, fingerprint, migrate, openDatabase, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { timeLockMigrations } from '@strongroom/time-locks'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { findOnlyApp } from '../apps/store.ts'
import { accountMigrations } from '../index.ts'
import { signAgain, voidSigned } from './signed-store.ts'
import { findRecovery, markCancelled } from './store.ts'

let made: Awaited<ReturnType<typeof testDatabase>>
let database: Database
let id: string
let accountId: string

beforeAll(async () => {
  const sets = [storageMigrations, auditMigrations, timeLockMigrations, accountMigrations]
  made = await testDatabase({
    template: `chain_accounts_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: made.url, connections: 4 })
})
afterAll(async () => {
  await database.close()
  await made.drop()
})
// A recovery that was signed once, and whose transaction came to nothing.
beforeEach(async () => {
  const app = await findOnlyApp(database)
  ;[id, accountId] = [randomUUID(), randomUUID()]
  await database.run(sql`insert into chain_accounts.accounts (id, app_id) values (${accountId}, ${app?.id ?? ''})`)
  await database.run(sql`
    insert into chain_accounts.recoveries
           (id, account_id, state, closes_at, ended_at, times, transaction_id, signed, anew_until, chain_name)
    values (${id}, ${accountId}, 'done', strongroom.now(), strongroom.now(), 1, 'first', ${randomBytes(32)},
            strongroom.now() + interval '6 days', 'local')`)
})

const again = { times: 1, transactionId: 'second' }

test('what came to nothing is signed anew once, of any number that saw it so', async () => {
  const signed = await Promise.all(Array.from({ length: 4 }, () => signAgain(database, { id, ...again })))
  expect(signed.filter(Boolean)).toHaveLength(1)
  expect(await findRecovery(database, { id, accountId })).toMatchObject({ transactionId: 'second', times: 2 })
})

test.each([
  ['while it was under way', voidSigned],
  ['when it had come to nothing', markCancelled],
])('whoever said no %s came first, though it was read before that', async (_, no) => {
  expect(await no(database, { id, by: randomUUID(), times: 1 })).toBe(true)
  expect(await signAgain(database, { id, ...again })).toBe(false)
  expect(await findRecovery(database, { id, accountId })).toMatchObject({ transactionId: 'first', times: 1 })
})

test('it is signed anew in its time, and a few times', async () => {
  for (let times = 1; times < 5; times++)
    expect(await signAgain(database, { id, times, transactionId: String(times) })).toBe(true)
  expect(await signAgain(database, { id, times: 5, transactionId: 'too-often' })).toBe(false)
  await database.run(sql`
    update chain_accounts.recoveries set times = 1, anew_until = strongroom.now() - interval '1 second' where id = ${id}`)
  expect(await signAgain(database, { id, ...again })).toBe(false)
})
