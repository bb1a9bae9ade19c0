import { auditMigrations } from '@strongroom/audit'
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
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Budget, windowSeconds } from './budget.ts'
import { spendGuess } from './guess.ts'
import {
  chargeGuess,
  closeBudget,
  giveBack,
  guessMigrations,
  keepBudget,
  openBudget,
  renewBudget,
  settleRight,
} from './store.ts'

const DAY = 86_400
const budget: Budget = { kind: 'pin', guesses: 10, window: 7 * DAY, growth: 'doubling' }
const sets = [storageMigrations, auditMigrations, guessMigrations]

let world: TestDatabase
let database: Database
let owner: Database
let subject: string
let subjects = 0

beforeAll(async () => {
  world = await testDatabase({
    template: `guesses_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url, connections: 20 })
  owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
})
afterAll(async () => {
  await Promise.all([database.close(), owner.close()])
  await world.drop()
})
beforeEach(async () => {
  subject = `known-${String(subjects++)}`
  await database.run(openBudget(budget, subject))
})

class TokenAway extends Error {
  readonly retryAfterSeconds = 1
}

const attempt = () => ({ subject, purpose: 'test' })
const charge = () => chargeGuess(database, budget, attempt())
const guess = (look: () => Promise<string | undefined>) => spendGuess({ database, budget, attempt: attempt() }, look)
const wrong = () => guess(async () => undefined)
const right = () => guess(async () => 'key')
const away = () => guess(() => Promise.reject(new TokenAway()))
const many = async <T>(times: number, work: () => Promise<T>) => Promise.all(Array.from({ length: times }, work))
const repeat = async (times: number, work: () => Promise<unknown>) => {
  for (let i = 0; i < times; i++) await work()
}
const outcomes = async (times: number, work: () => Promise<{ outcome: string }>) => {
  const all = await many(times, work)
  return {
    wrong: all.filter((one) => one.outcome === 'wrong').length,
    exhausted: all.filter((one) => one.outcome === 'exhausted').length,
  }
}
/** Wrong guesses that still get through. */
const left = async () => (await outcomes(15, wrong)).wrong
const daysUntil = (until: Date, from: Date) => Math.round((until.getTime() - from.getTime()) / 1000 / DAY)
const now = async () => (await database.one(z.object({ at: z.date() }), sql`select strongroom.now() as at`)).at

test('of two hundred guesses at once exactly ten are compared', async () => {
  expect(await outcomes(200, wrong)).toEqual({ wrong: 10, exhausted: 190 })
})

test('a subject that does not exist answers the same, at once and one by one', async () => {
  subject = 'unknown-parallel'
  expect(await outcomes(200, wrong)).toEqual({ wrong: 10, exhausted: 190 })
  subject = 'unknown-serial'
  await repeat(10, wrong)
  const refused = await wrong()
  expect(refused.outcome === 'exhausted' && daysUntil(refused.until, await now())).toBe(7)
})

test('a budget that is opened again goes on as it is', async () => {
  for (let charged = 0; charged < 10; charged++) await charge()
  await database.run(keepBudget(budget, subject))
  expect((await charge()).allowed).toBe(false)
})

test('a right guess after the budget is spent is not compared', async () => {
  await repeat(10, wrong)
  let looked = false
  const refused = await guess(async () => {
    looked = true
    return 'key'
  })
  expect([refused.outcome, looked]).toEqual(['exhausted', false])
})

test('success gives back what was charged before it', async () => {
  await repeat(9, wrong)
  expect(await right()).toEqual({ outcome: 'right', found: 'key' })
  expect(await left()).toBe(10)
})

test('success never gives back what was charged after it', async () => {
  const { number, epoch } = await charge()
  await repeat(6, wrong)
  await settleRight(database.relaxed, budget, { ...attempt(), number, epoch })
  expect(await left()).toBe(4)
})

test('an outage gives its own charge back, and only once', async () => {
  await repeat(3, wrong)
  await repeat(20, () => expect(away()).rejects.toThrow(TokenAway))
  const { number, epoch } = await charge()
  await many(5, () => giveBack(database.relaxed, budget, { ...attempt(), number, epoch }))
  expect(await left()).toBe(7)
})

test('a crash while looking leaves the guess spent', async () => {
  await many(4, () => expect(guess(() => Promise.reject(new Error('bug')))).rejects.toThrow('bug'))
  expect(await left()).toBe(6)
})

test('a guess of an older epoch settles nothing', async () => {
  const { number, epoch } = await charge()
  await database.run(renewBudget(budget, subject))
  await repeat(4, wrong)
  await settleRight(database.relaxed, budget, { ...attempt(), number: number + 3, epoch })
  expect(await left()).toBe(6)
})

test('a changed secret clears the counters, an erased one is a stranger', async () => {
  await repeat(10, wrong)
  await database.run(renewBudget(budget, subject))
  expect(await left()).toBe(10)
  await database.run(closeBudget(budget, subject))
  expect(await left()).toBe(10)
})

test('what was charged before the budget was closed and opened again settles nothing, and fails nobody', async () => {
  const reopen = async () => {
    await database.run(closeBudget(budget, subject))
    await database.run(openBudget(budget, subject))
  }
  await repeat(3, wrong)
  expect(await guess(() => reopen().then(() => 'key'))).toEqual({ outcome: 'right', found: 'key' })
  await repeat(2, wrong)
  await expect(guess(() => reopen().then(() => Promise.reject(new TokenAway())))).rejects.toThrow(TokenAway)
  expect(await left()).toBe(10)
})

test('the attempt is in the audit log before it is compared, with ids and numbers only', async () => {
  const event = z.object({ event: z.string(), detail: z.unknown() })
  const events = () =>
    database.many(event, sql`select event, detail from audit.events where subject = ${subject} order by id`)
  let seen: unknown
  await guess(async () => {
    seen = await events()
    return 'key'
  })
  const detail = { kind: 'pin', purpose: 'test', guess: 1, epoch: 1 }
  expect(seen).toEqual([{ event: 'guess.charged', detail }])
  await expect(away()).rejects.toThrow(TokenAway)
  expect((await events()).map((one) => one.event)).toEqual([
    'guess.charged',
    'guess.succeeded',
    'guess.charged',
    'guess.given-back',
  ])
})

test('five years of dripping at the full rate stay under a hundred guesses', async () => {
  const patient = await testDatabase({
    template: `guesses_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const slow = openDatabase({ connectionString: patient.url })
  const clock = openDatabase({ connectionString: patient.adminUrl, connections: 1 })
  try {
    for (const kind of ['known', 'unknown']) {
      if (kind === 'known') await slow.run(openBudget(budget, kind))
      let evaluated = 0
      let day = 0
      const windows: number[] = []
      while (day < 5 * 365) {
        const answer = await spendGuess(
          { database: slow, budget, attempt: { subject: kind, purpose: 'drip' } },
          async () => undefined,
        )
        if (answer.outcome === 'wrong') {
          evaluated++
          continue
        }
        const at = (await slow.one(z.object({ at: z.date() }), sql`select strongroom.now() as at`)).at
        if (answer.outcome !== 'exhausted') throw new Error('nothing is right here')
        const wait = daysUntil(answer.until, at)
        windows.push(wait)
        day += wait
        await shiftClock(clock, `${String(wait)} days`)
      }
      expect(evaluated).toBeLessThan(100)
      expect(windows.slice(0, 5)).toEqual([7, 14, 28, 56, 112])
      expect(windows.map((days) => days * DAY)).toEqual(windows.map((_, index) => windowSeconds(budget, index * 10)))
    }
  } finally {
    await Promise.all([slow.close(), clock.close()])
    await patient.drop()
  }
})

test('successes in between do not stop the windows from growing', async () => {
  const mixed = await testDatabase({
    template: `guesses_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const data = openDatabase({ connectionString: mixed.url })
  try {
    await data.run(openBudget(budget, 'mixed'))
    const spend = (found?: string) =>
      spendGuess({ database: data, budget, attempt: { subject: 'mixed', purpose: 'test' } }, async () => found)
    for (let round = 0; round < 4; round++) {
      await repeat(9, () => spend())
      await spend('key')
    }
    await repeat(10, () => spend())
    const refused = await spend()
    // 36 wrong guesses stood when this window opened: three full tens.
    expect(refused.outcome === 'exhausted' && daysUntil(refused.until, await now())).toBe(7 * 2 ** 3)
  } finally {
    await data.close()
    await mixed.drop()
  }
})
