import { randomBytes, randomUUID } from 'node:crypto'
import { auditMigrations } from '@strongroom/audit'
import { type Database, fingerprint, migrate, openDatabase, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { findOnlyApp } from '../apps/store.ts'
import { accountMigrations } from '../index.ts'
import { endFamily, findRefresh, insertFamily, insertSuccessor, readNow, useRefresh } from './store.ts'

let made: Awaited<ReturnType<typeof testDatabase>>
let database: Database
let family: { id: string; accountId: string; appId: string; keyId: string }
let digest: Uint8Array

const later = async (seconds: number) => new Date((await readNow(database)).getTime() + seconds * 1000)
const name = () => ({ sid: family.id, sub: family.accountId, aud: family.appId })

beforeAll(async () => {
  const sets = [storageMigrations, auditMigrations, accountMigrations]
  made = await testDatabase({
    template: `chain_accounts_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  database = openDatabase({ connectionString: made.url, connections: 8 })
})
afterAll(async () => {
  await database.close()
  await made.drop()
})
beforeEach(async () => {
  const app = await findOnlyApp(database)
  family = { id: randomUUID(), accountId: randomUUID(), appId: app?.id ?? '', keyId: randomUUID() }
  digest = randomBytes(32)
  await database.run(
    sql`insert into chain_accounts.accounts (id, app_id) values (${family.accountId}, ${family.appId})`,
  )
  await database.run(sql`
    insert into chain_accounts.keys (id, account_id, type, kind, public_key, key_index, state, stamp)
    values (${family.keyId}, ${family.accountId}, 'user-key', 'device', ${randomBytes(64)}, 1, 'active', ${randomBytes(32)})`)
  await insertFamily(database, family, { digest, expiresAt: await later(60) })
})

test('of any number of transactions one uses a token', async () => {
  const expiresAt = await later(60)
  const uses = await Promise.all(
    Array.from({ length: 8 }, () =>
      database.transaction(async (tx) => {
        const isFirst = await useRefresh(tx, { digest, successor: randomBytes(8) })
        if (isFirst) await insertSuccessor(tx, { digest: randomBytes(32), expiresAt, follows: digest })
        return isFirst
      }),
    ),
  )
  expect(uses.filter(Boolean)).toHaveLength(1)
})

test('a token is followed once its successor was used, and not before', async () => {
  const next = randomBytes(32)
  await useRefresh(database, { digest, successor: randomBytes(8) })
  await insertSuccessor(database, { digest: next, expiresAt: await later(60), follows: digest })
  expect(await findRefresh(database, name(), digest)).toMatchObject({ followed: false })
  await useRefresh(database, { digest: next, successor: randomBytes(8) })
  expect(await findRefresh(database, name(), digest)).toMatchObject({ followed: true })
  expect(await findRefresh(database, name(), next)).toMatchObject({ followed: false, ended: null })
})

test('nothing follows from a family that ended, and it ends once', async () => {
  expect([await endFamily(database, family.id), await endFamily(database, family.id)]).toEqual([true, false])
  expect(await useRefresh(database, { digest, successor: randomBytes(8) })).toBe(false)
  expect(await findRefresh(database, name(), digest)).toMatchObject({ ended: 'reused', usedAt: null })
})

test('a token is found by its own family, account and app alone', async () => {
  expect(await findRefresh(database, name(), digest)).toMatchObject({ id: family.keyId, closed: false })
  for (const elsewhere of [{ sid: randomUUID() }, { sub: randomUUID() }, { aud: randomUUID() }]) {
    expect(await findRefresh(database, { ...name(), ...elsewhere }, digest)).toBeUndefined()
  }
})
