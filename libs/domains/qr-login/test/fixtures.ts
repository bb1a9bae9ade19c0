import { auditMigrations } from '@strongroom/audit'
import { Secret } from '@strongroom/crypto'
import { startRedis } from '@strongroom/redis'
import { type Database, fingerprint, migrate, openDatabase, shiftClock, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { createClient } from 'redis'
import { postgresStore, qrLoginMigrations, redisStore, type SessionStore } from '../src/index.ts'

const sets = [storageMigrations, auditMigrations, qrLoginMigrations]

export interface TestTables {
  readonly database: Database
  readonly owner: Database
  readonly url: string
  readonly end: () => Promise<void>
}

export async function tables(): Promise<TestTables> {
  const world = await testDatabase({
    template: `qr_login_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const database = openDatabase({ connectionString: world.url })
  const owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
  return {
    database,
    owner,
    url: world.url,
    async end() {
      await Promise.all([database.close(), owner.close()])
      await world.drop()
    },
  }
}

/** A real store, a second process's view of it, and its clock. */
export interface StoreFixture {
  readonly store: SessionStore
  readonly another: SessionStore
  pass(seconds: number): Promise<void>
  end(): Promise<void>
}

export async function onPostgres(): Promise<StoreFixture> {
  const data = await tables()
  const other = openDatabase({ connectionString: data.url })
  return {
    store: postgresStore(data.database),
    another: postgresStore(other),
    pass: (seconds) => shiftClock(data.owner, `${String(seconds)} seconds`),
    async end() {
      await other.close()
      await data.end()
    },
  }
}

/** A client beside the store's own, for what only an operator does. */
export const operatorOf = (url: string) => createClient({ url }).connect()

export async function onRedis(): Promise<StoreFixture> {
  const server = await startRedis()
  const [store, another] = [redisStore({ url: new Secret(server.url) }), redisStore({ url: new Secret(server.url) })]
  const clock = await operatorOf(server.url)
  return {
    store,
    another,
    async pass(seconds) {
      for (const key of await clock.keys('*')) await age(clock, key, seconds)
    },
    async end() {
      for (const client of [store, another]) client.close()
      clock.destroy()
      await server.close()
    },
  }
}

/** What Redis says is left of a key that is not there. */
const GONE = -2

/** Redis has no clock to shift: what is left of every key is made less, and times that it holds are set back. */
async function age(clock: Awaited<ReturnType<typeof operatorOf>>, key: string, seconds: number) {
  const left = await clock.pTTL(key)
  // It ended since it was listed.
  if (left === GONE) return
  if (left < 0) throw new Error(`${key} lives for ever`)
  await clock.pExpire(key, left - seconds * 1000)
  if ((await clock.type(key)) !== 'zset') return
  for (const member of await clock.zRange(key, 0, -1)) await clock.zIncrBy(key, -seconds * 1000, member)
}

export const stores = [
  ['PostgreSQL', onPostgres],
  ['Redis', onRedis],
] as const
