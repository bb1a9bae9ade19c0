import { auditMigrations } from '@strongroom/audit'
import { Secret } from '@strongroom/crypto'
import { guessMigrations, openBudget } from '@strongroom/guesses'
import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
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
import { CODE_USE, drawCode, guessCode, requestCode } from './codes.ts'
import type { CodePolicy } from './policy.ts'
import { codeMigrations, sweepCodes, useCode } from './store.ts'

const HOUR = 3600
const policy: CodePolicy = {
  kind: 'user-code',
  lifetime: HOUR,
  tries: 5,
  live: 3,
  sends: [
    { most: 5, window: HOUR },
    { most: 20, window: 24 * HOUR },
  ],
  budget: { kind: 'user-code', guesses: 30, window: 7 * 24 * HOUR, growth: 'steady' },
}
const sets = [storageMigrations, auditMigrations, guessMigrations, codeMigrations]

let world: TestDatabase
let database: Database
let owner: Database
let token: SoftToken
let hsm: Keystore
let subject: string
let subjects = 0

beforeAll(async () => {
  token = await softToken()
  const place = { ...token, deployment: 'test', app: 'codes' }
  hsm = await openKeystore({
    ...place,
    keys: await provisionKeys({ ...place, needs: [{ job: 'mac', use: CODE_USE }], existing: [] }),
  })
  world = await testDatabase({
    template: `codes_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url })
  owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
})
afterAll(async () => {
  await Promise.all([hsm.close(), database.close(), owner.close()])
  await world.drop()
  await token.remove()
})
beforeEach(async () => {
  subject = `user-${String(subjects++)}`
  await database.run(openBudget(policy.budget, subject))
})

const request = (purpose = 'verify', group = subject) =>
  database.transaction((tx) => requestCode(tx, policy, { subject, group, purpose }))
async function send(purpose = 'verify'): Promise<string> {
  const requested = await request(purpose)
  if (!('codeId' in requested)) throw new Error('refused')
  const drawn = await drawCode({ database, hsm }, policy, requested.codeId)
  return Buffer.from(drawn?.code.expose() ?? []).toString()
}
const guess = async (code: string, purpose = 'verify') =>
  guessCode({ database, hsm }, policy, { subject, purpose, code: new Secret(code) })
const outcome = async (code: string, purpose?: string) => (await guess(code, purpose)).outcome
const other = (code: string) => (code === '000000' ? '000001' : '000000')

test('a code is six digits, fits once, and is stored as a MAC alone', async () => {
  const code = await send()
  expect(code).toMatch(/^\d{6}$/)
  const rows = await owner.many(
    z.object({ row: z.string() }),
    sql`select c::text as row from codes.codes as c where subject = ${subject}`,
  )
  expect(rows.some(({ row }) => row.includes(code) || row.includes(Buffer.from(code).toString('hex')))).toBe(false)
  const guessed = await guess(code)
  const id = guessed.outcome === 'right' ? guessed.found : ''
  const uses = await Promise.all([1, 2, 3].map(() => database.transaction((tx) => useCode(tx, id))))
  expect(uses.filter(Boolean)).toHaveLength(1)
  expect(await outcome(code)).toBe('wrong')
})

test('a code that was asked for and not sent yet fits nothing', async () => {
  await request()
  expect(await outcome('000000')).toBe('wrong')
})

test('a code is good for its purpose and its subject alone', async () => {
  const code = await send('verify')
  expect(await outcome(code, 'reset-pin')).toBe('wrong')
  const mine = subject
  subject = `stranger-${mine}`
  expect(await outcome(code)).toBe('wrong')
  await owner.run(sql`update codes.codes set subject = ${subject} where subject = ${mine}`)
  expect(await outcome(code)).toBe('wrong')
})

test('the fifth guess still counts, the sixth finds the code dead', async () => {
  const lucky = await send()
  for (let i = 0; i < 4; i++) expect(await outcome(other(lucky))).toBe('wrong')
  expect(await outcome(lucky)).toBe('right')
  const dead = await send()
  for (let i = 0; i < 5; i++) await outcome(other(dead))
  expect(await outcome(dead)).toBe('wrong')
  expect(await outcome(await send())).toBe('right')
})

test('a newer code kills none, up to three at once', async () => {
  const codes = [await send(), await send(), await send()]
  const fourth = await request()
  expect('refusedUntil' in fourth && fourth.refusedUntil.getTime() > Date.now()).toBe(true)
  for (const code of codes) expect(await outcome(code)).toBe('right')
})

test('a code is dead after an hour', async () => {
  const code = await send()
  await shiftClock(owner, '59 minutes')
  expect(await outcome(code)).toBe('right')
  await shiftClock(owner, '2 minutes')
  expect(await outcome(code)).toBe('wrong')
})

test('sends are limited by the hour and by the day, for the subject and for its group, at once too', async () => {
  const group = `group-${subject}`
  const ask = async () => {
    const asked = await request('verify', group)
    if ('codeId' in asked) await owner.run(sql`update codes.codes set used_at = now() where id = ${asked.codeId}`)
    return 'codeId' in asked
  }
  expect(
    (await Promise.all(Array.from({ length: 20 }, () => request('verify', group)))).filter((one) => 'codeId' in one),
  ).toHaveLength(3)
  await owner.run(sql`update codes.codes set used_at = now() where subject = ${subject}`)
  expect([await ask(), await ask(), await ask()]).toEqual([true, true, false])
  subject = `sibling-${subject}`
  expect(await ask()).toBe(false)
  let sent = 5
  for (let hour = 0; hour < 6; hour++) {
    await shiftClock(owner, '61 minutes')
    for (let i = 0; i < 6; i++) sent += (await ask()) ? 1 : 0
  }
  expect(sent).toBe(20)
  await shiftClock(owner, '1 day')
  expect(await ask()).toBe(true)
})

test('thirty guesses in a week, whatever the codes; a right one gives them back', async () => {
  for (let i = 0; i < 29; i++) expect(await outcome('000000')).toBe('wrong')
  const code = await send()
  expect(await outcome(code)).toBe('right')
  const answers = await Promise.all(Array.from({ length: 60 }, () => outcome(other(code))))
  expect(answers.filter((one) => one === 'wrong')).toHaveLength(30)
  expect(await outcome(code)).toBe('exhausted')
  await shiftClock(owner, '7 days 1 minute')
  expect(await outcome(await send())).toBe('right')
})

test('a job that runs again draws again; one that comes too late draws nothing', async () => {
  const requested = await request()
  const codeId = 'codeId' in requested ? requested.codeId : ''
  const draw = async () =>
    Buffer.from((await drawCode({ database, hsm }, policy, codeId))?.code.expose() ?? []).toString()
  const [first, second] = [await draw(), await draw()]
  // One in a million draws the same digits twice.
  expect(await outcome(first)).toBe(first === second ? 'right' : 'wrong')
  expect(await outcome(second)).toBe('right')
  await shiftClock(owner, '61 minutes')
  expect(await draw()).toBe('')
})

test('what no limit counts any more is swept', async () => {
  await send()
  await shiftClock(owner, '25 hours')
  expect(await sweepCodes(database, policy)).toBeGreaterThan(0)
})
