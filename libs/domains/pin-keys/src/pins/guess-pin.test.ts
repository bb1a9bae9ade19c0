import { randomUUID } from 'node:crypto'
import { auditMigrations } from '@strongroom/audit'
import { Secret } from '@strongroom/crypto'
import { codeMigrations } from '@strongroom/codes'
import { guessMigrations } from '@strongroom/guesses'
import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import {
  type Database,
  fingerprint,
  migrate,
  openDatabase,
  type Query,
  sql,
  type Statements,
  storageMigrations,
} from '@strongroom/storage'
import { testDatabase, type TestDatabase } from '@strongroom/test-world'
import { timeLockMigrations } from '@strongroom/time-locks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { keyNeeds, pinKeyMigrations, usualPolicies as policies } from '../index.ts'
import { insertKey } from '../keys/store.ts'
import { guessPin } from './guess-pin.ts'
import { lockWith } from './rules.ts'

const sets = [storageMigrations, auditMigrations, guessMigrations, codeMigrations, timeLockMigrations, pinKeyMigrations]
let world: TestDatabase
let database: Database
let token: SoftToken
let hsm: Keystore

beforeAll(async () => {
  token = await softToken()
  world = await testDatabase({
    template: `pin_keys_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: world.url })
  const place = { ...token, deployment: 'test', app: 'key-server' }
  hsm = await openKeystore({ ...place, keys: await provisionKeys({ ...place, needs: keyNeeds, existing: [] }) })
})
afterAll(async () => {
  await hsm.close()
  await database.close()
  await world.drop()
  await token.remove()
})

async function createKey(pin: string): Promise<string> {
  const keyId = randomUUID()
  const locked = await hsm.issueLockedKey(lockWith(new Secret(pin), { keyId, pinEpoch: 1 }))
  await insertKey(database, policies, { keyId, ...locked })
  return keyId
}

/** The real database and keystore, with a note of each statement, where it was committed, and each HSM call. */
function traced() {
  const trace: string[] = []
  const noting = (where: string, statements: Statements): Statements => {
    const note = (query: Query) => trace.push(`${where}: ${query.text}`)
    return {
      run: (query) => (note(query), statements.run(query)),
      many: (row, query) => (note(query), statements.many(row, query)),
      maybe: (row, query) => (note(query), statements.maybe(row, query)),
      one: (row, query) => (note(query), statements.one(row, query)),
    }
  }
  const watched: Database = {
    ...noting('durable', database),
    reading: noting('reading', database.reading),
    relaxed: noting('relaxed', database.relaxed),
    transaction: (work) => {
      trace.push('transaction')
      return database.transaction(work)
    },
    close: () => Promise.resolve(),
  }
  const keystore = new Proxy(hsm, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      trace.push(`hsm: ${String(name)}`)
      return (value as () => unknown).bind(target)
    },
  })
  return { trace, deps: { database: watched, hsm: keystore, policies } }
}

async function traceOf(keyId: string, pin: string) {
  const { trace, deps } = traced()
  const answer = await guessPin(deps, { keyId, pin: new Secret(pin), purpose: 'open-key' }, ({ request, locked }) =>
    deps.hsm.openLockedKey(request, locked),
  )
  return { trace, answer }
}

test('an unknown key leaves the trace of a wrong PIN: statements, commits and HSM calls', async () => {
  const wrong = await traceOf(await createKey('1234'), '4321')
  const unknown = await traceOf(randomUUID(), '4321')
  expect(unknown.trace).toEqual(wrong.trace)
  expect(unknown.answer).toEqual(wrong.answer)
  expect(wrong.trace.filter((line) => line.startsWith('durable'))).toHaveLength(1)
})

test('so does an exhausted one', async () => {
  const known = await createKey('1234')
  const unknown = randomUUID()
  for (const id of [known, unknown]) for (let i = 0; i < 10; i++) await traceOf(id, '0000')
  const [refused, decoy] = [await traceOf(known, '0000'), await traceOf(unknown, '0000')]
  expect(decoy.trace).toEqual(refused.trace)
  expect(refused.trace.some((line) => line.startsWith('hsm: openLockedKey'))).toBe(false)
})

test('the guess is charged before the HSM is asked, and no transaction is open then', async () => {
  const { trace } = await traceOf(await createKey('1234'), '1234')
  const kinds = trace.map((line) => (line.startsWith('hsm') ? line : line.split(':')[0]))
  expect(kinds).toEqual(['hsm: assertAvailable', 'durable', 'reading', 'hsm: openLockedKey', 'relaxed'])
})

test('a PIN that was changed between the charge and the look costs nothing and is not compared', async () => {
  const keyId = await createKey('1234')
  const deps = { database, hsm, policies }
  await database.run(sql`update pin_keys.keys set pin_epoch = 2 where id = ${keyId}`)
  const guess = guessPin(deps, { keyId, pin: new Secret('1234'), purpose: 'test' }, () =>
    Promise.reject(new Error('compared')),
  )
  await expect(guess).rejects.toMatchObject({ name: 'PinJustChanged', retryAfterSeconds: 1 })
  const [left] = await database.many(
    z.object({ spent: z.int() }),
    sql`select (charged - forgiven - cardinality(refunded))::int as spent from guesses.budgets where subject = ${keyId}`,
  )
  expect(left?.spent).toBe(0)
})
