import { randomBytes, randomUUID } from 'node:crypto'
import { auditMigrations } from '@strongroom/audit'
import { codeMigrations } from '@strongroom/codes'
import { guessMigrations } from '@strongroom/guesses'
import { type Database, fingerprint, migrate, openDatabase, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { timeLockMigrations } from '@strongroom/time-locks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { pinKeyMigrations } from '../index.ts'
import { findUser, insertUser } from './store.ts'

const sets = [storageMigrations, auditMigrations, guessMigrations, codeMigrations, timeLockMigrations, pinKeyMigrations]
let world: TestDatabase
let database: Database
beforeAll(async () => {
  world = await testDatabase({
    template: `pin_keys_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url, connections: 20 })
})
afterAll(async () => {
  await database.close()
  await world.drop()
})

/** What one address is found by while two versions are there; a replica writes by the one or the other. */
function addressOf() {
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const all = [fresh, old]
  return {
    all,
    before: { all, current: { finder: old, version: 1 } },
    after: { all, current: { finder: fresh, version: 2 } },
  }
}

const add = (keyId: string, finders: ReturnType<typeof addressOf>['before']) =>
  database.transaction((tx) =>
    insertUser(tx, { id: randomUUID(), keyId, finders, channel: 'email', contact: randomBytes(40) }),
  )

const usersOf = async (keyId: string) =>
  (
    await database.one(
      z.object({ users: z.int() }),
      sql`select count(*)::int as users from pin_keys.users where key_id = ${keyId}`,
    )
  ).users

test('a user of one version is found, and not added again, by the other', async () => {
  for (const order of [
    ['before', 'after'],
    ['after', 'before'],
  ] as const) {
    const [keyId, address] = [randomUUID(), addressOf()]
    expect(await add(keyId, address[order[0]])).toBe(true)
    expect(await add(keyId, address[order[1]])).toBe(false)
    expect(await findUser(database, keyId, address.all)).toMatchObject({ channel: 'email' })
  }
})

test('of many that add one user at once, by either version, one does', async () => {
  for (let round = 0; round < 10; round++) {
    const [keyId, address] = [randomUUID(), addressOf()]
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, at) => add(keyId, at % 2 === 0 ? address.before : address.after)),
    )
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect(await usersOf(keyId)).toBe(1)
  }
})
