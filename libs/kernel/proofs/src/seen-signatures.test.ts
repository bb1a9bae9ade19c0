import { randomBytes } from 'node:crypto'
import { type Database, fingerprint, migrate, openDatabase, shiftClock, storageMigrations } from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { proofMigrations } from './challenges.ts'
import { seenSignaturesIn, sweepSeenSignatures } from './seen-signatures.ts'

const sets = [storageMigrations, proofMigrations]

let world: TestDatabase
let database: Database
let owner: Database
beforeEach(async () => {
  world = await testDatabase({
    template: `proofs_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url, connections: 16 })
  owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
})
afterEach(async () => {
  await Promise.all([database.close(), owner.close()])
  await world.drop()
})

const inAnHour = () => new Date(Date.now() + 3_600_000)

test('a signature is good once: of a hundred takers at once, one gets it', async () => {
  const digest = randomBytes(32)
  const until = inAnHour()
  const taken = await Promise.all(Array.from({ length: 100 }, () => seenSignaturesIn(database).take(digest, until)))
  expect(taken.filter(Boolean)).toHaveLength(1)
  expect(await seenSignaturesIn(database).take(randomBytes(32), until)).toBe(true)
})

test('after a restart it is still seen', async () => {
  const digest = randomBytes(32)
  const until = inAnHour()
  expect(await seenSignaturesIn(database).take(digest, until)).toBe(true)
  const restarted = openDatabase({ connectionString: world.url })
  expect(await seenSignaturesIn(restarted).take(digest, until)).toBe(false)
  await restarted.close()
})

test('a sweep forgets what is over and nothing else, and what it forgot is not taken again', async () => {
  const [old, young] = [randomBytes(32), randomBytes(32)]
  const [soon, later] = [inAnHour(), new Date(Date.now() + 4 * 3_600_000)]
  const seen = seenSignaturesIn(database)
  expect([await seen.take(old, soon), await seen.take(young, later)]).toEqual([true, true])
  expect(await sweepSeenSignatures(database)).toBe(0)
  await shiftClock(owner, '61 minutes')
  expect(await sweepSeenSignatures(database)).toBe(1)
  // A process whose clock is behind would call both fresh still.
  expect([await seen.take(old, soon), await seen.take(young, later)]).toEqual([false, false])
})
