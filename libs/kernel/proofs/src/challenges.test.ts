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
import {
  challengesFor,
  issueChallenge,
  issueChallenges,
  proofMigrations,
  sweepChallenges,
  takeChallenge,
} from './challenges.ts'

const sets = [storageMigrations, proofMigrations]
const wish = { subject: 'ann', purpose: 'sign-in', lifetime: 600 }

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

const issue = (changed: Partial<Parameters<typeof issueChallenge>[1]> = {}) =>
  issueChallenge(database, { ...wish, ...changed })
const take = (challenge: string, changed: Partial<typeof wish> = {}) =>
  takeChallenge(database, { ...wish, ...changed, challenge })
const live = async (challenges: readonly string[]) => {
  const taken = await Promise.all(challenges.map((one) => take(one)))
  return taken.filter(Boolean).length
}
const rows = () => database.many(z.unknown(), sql`select * from proofs.challenges`)

test('a challenge is 256 random bits, and never the same', async () => {
  const issued = await Promise.all(Array.from({ length: 20 }, () => issue()))
  expect(new Set(issued).size).toBe(20)
  for (const one of issued) expect(Buffer.from(one, 'base64url')).toHaveLength(32)
  const fixed = await issue({ random: (bytes) => new Uint8Array(bytes).fill(7) })
  expect(fixed).toBe(Buffer.alloc(32, 7).toString('base64url'))
  await expect(issue({ random: () => new Uint8Array(4) })).rejects.toThrow('another number of bytes')
})

test('it is good once: of a hundred takers at once, one gets it', async () => {
  const challenge = await issue()
  const taken = await Promise.all(Array.from({ length: 100 }, () => take(challenge)))
  expect(taken.filter(Boolean)).toHaveLength(1)
  expect(await take(challenge)).toBe(false)
})

test('it is good for its subject and purpose alone, and no other uses it up', async () => {
  const challenge = await issue()
  expect(await take(challenge, { subject: 'eve' })).toBe(false)
  expect(await take(challenge, { purpose: 'erase' })).toBe(false)
  expect(await challengesFor(database, 'erase').take('ann', challenge)).toBe(false)
  expect(await challengesFor(database, 'sign-in').take('ann', challenge)).toBe(true)
})

test('when its time is over it is refused', async () => {
  const challenge = await issue()
  const younger = await issue({ lifetime: 3600 })
  await shiftClock(owner, '11 minutes')
  expect(await take(challenge)).toBe(false)
  expect(await take(younger)).toBe(true)
})

test('what was never issued is refused, whatever it is', async () => {
  for (const text of ['', '0', 'x'.repeat(43), '\uD800'.repeat(43), "' or true --", 'A'.repeat(100_000)])
    expect(await take(text)).toBe(false)
  expect(await take(await issue(), { subject: '\uD800' })).toBe(false)
})

test('a new one takes the place of the oldest, of this subject and purpose only', async () => {
  const other = await issue({ subject: 'eve' })
  const elsewhere = await issue({ purpose: 'erase' })
  const issued: string[] = []
  for (let i = 0; i < 5; i++) issued.push(await issue({ most: 3 }))
  expect(await Promise.all(issued.map((one) => take(one)))).toEqual([false, false, true, true, true])
  expect(await take(other, { subject: 'eve' })).toBe(true)
  expect(await take(elsewhere, { purpose: 'erase' })).toBe(true)
})

test('the bound is exact for a hundred requests at once', async () => {
  const issued = await Promise.all(Array.from({ length: 100 }, () => issue({ most: 5 })))
  expect(await rows()).toHaveLength(5)
  expect(await live(issued)).toBe(5)
})

test('several are issued at once, all of them good', async () => {
  const issued = await issueChallenges(database, wish, 100)
  expect(new Set(issued).size).toBe(100)
  expect(await live(issued)).toBe(100)
  await expect(issueChallenges(database, { ...wish, most: 5 }, 6)).rejects.toThrow(RangeError)
  await expect(issueChallenges(database, wish, 0)).rejects.toThrow(RangeError)
})

test.each([{ lifetime: 0 }, { lifetime: 86_401 }, { lifetime: 0.5 }, { most: 0 }, { most: 1001 }])(
  '%j is a bug of the caller',
  async (changed) => {
    await expect(issue(changed)).rejects.toThrow(z.ZodError)
  },
)

test('taken in a transaction that rolls back, it is still there', async () => {
  const challenge = await issue()
  const work = database.transaction(async (tx) => {
    expect(await takeChallenge(tx, { ...wish, challenge })).toBe(true)
    throw new Error('changed its mind')
  })
  await expect(work).rejects.toThrow('changed its mind')
  expect(await take(challenge)).toBe(true)
})

test('a sweep removes what expired and nothing else', async () => {
  await issue()
  const younger = await issue({ lifetime: 3600 })
  await shiftClock(owner, '11 minutes')
  expect(await sweepChallenges(database)).toBe(1)
  expect(await sweepChallenges(database)).toBe(0)
  expect(await take(younger)).toBe(true)
})

test('no row tells a challenge or whom it was given to', async () => {
  const subject = 'did:key:canary'
  const challenge = await issue({ subject })
  const stored = JSON.stringify(await owner.many(z.unknown(), sql`select c::text from proofs.challenges as c`))
  for (const secret of [subject, challenge])
    for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret, 'base64url').toString('hex')])
      expect(stored).not.toContain(form)
})
