import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { openDatabase, shiftClock, sql } from '@strongroom/storage'
import type { Settings, TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKeyServer } from './client.ts'

const root = join(import.meta.dirname, '../../..')
const production = { STRONGROOM_ENV: 'production', HSM_ALLOW_SOFTWARE: 'SoftHSM v2' }
let trueClock: TestApp
let shifted: TestApp

beforeAll(async () => {
  ;[trueClock, shifted] = await Promise.all([startKeyServer({ processes: 0 }), startKeyServer({ processes: 0 })])
  const owner = openDatabase({ connectionString: shifted.database.adminUrl, connections: 1 })
  await shiftClock(owner, '31 days')
  await owner.close()
})
afterAll(() => Promise.all([trueClock.stop(), shifted.stop()]))

/** Why a start was refused, or `serves`. */
async function start(app: TestApp, settings: Settings): Promise<string> {
  try {
    const { child } = await app.spawn(settings)
    child.kill('SIGTERM')
    await once(child, 'exit')
    return 'serves'
  } catch (error) {
    return String(error)
  }
}

const unset = { STRONGROOM_ENV: undefined }
const everywhere = { STRONGROOM_ENV: 'development', HOST: '0.0.0.0' }

const refused: readonly { what: string; app: () => TestApp; settings: Settings; why: RegExp }[] = [
  {
    what: 'a software token, not allowed by name',
    app: () => trueClock,
    settings: { STRONGROOM_ENV: 'production' },
    why: /software/i,
  },
  {
    what: 'a software token, another one allowed',
    app: () => trueClock,
    settings: { ...production, HSM_ALLOW_SOFTWARE: 'NSS 3' },
    why: /software/i,
  },
  { what: 'a software token, off loopback', app: () => trueClock, settings: everywhere, why: /loopback/ },
  { what: 'a software token, the environment unset', app: () => trueClock, settings: unset, why: /software/i },
  { what: 'a shifted clock', app: () => shifted, settings: production, why: /production clock/ },
  { what: 'a shifted clock, off loopback', app: () => shifted, settings: everywhere, why: /loopback/ },
  {
    what: 'a shifted clock, the environment unset',
    app: () => shifted,
    settings: { ...production, ...unset },
    why: /production clock/,
  },
  {
    what: 'an environment of another name',
    app: () => trueClock,
    settings: { STRONGROOM_ENV: 'staging' },
    why: /STRONGROOM_ENV/,
  },
]
test.each(refused)('a start with $what is refused', async ({ app, settings, why }) => {
  expect(await start(app(), settings)).toMatch(why)
})

test('production does not log in to the database as who owns its schemas', async () => {
  const settings = { ...production, DATABASE_URL_FILE: undefined, DATABASE_URL: trueClock.database.adminUrl }
  expect(await start(trueClock, settings)).toMatch(/RUNTIME_ROLE/)
})

test('a process that performs no work refuses the login to the recovery token', async () => {
  await expect(trueClock.spawn({}, '--role=api')).rejects.toThrow('RECOVERY_HSM_PIN')
})

test('two provisioners at once make each key once', async () => {
  const owner = openDatabase({ connectionString: trueClock.database.adminUrl, connections: 1 })
  await owner.run(sql`delete from keystore.keys where use = 'recipient'`)
  const codes = await owner.transaction(async (tx) => {
    await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
    // Nobody can record a key until both are as far as they get.
    await tx.run(sql`lock table keystore.keys in share mode`)
    const both = Promise.all([trueClock.provision(), trueClock.provision()])
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(async () => (await trueClock.sql(waiting)).length).toBe(2)
    return { both }
  })
  expect(await codes.both).toEqual([0, 0])
  await owner.close()
})

test('production with a software token that is allowed by name serves, and so does development on loopback', async () => {
  expect(await start(trueClock, production)).toBe('serves')
  expect(await start(shifted, {})).toBe('serves')
})

test('a bad configuration is told whole, without values, before anything is opened', async () => {
  const child = spawn(process.execPath, ['--conditions=@strongroom/source', 'apps/key-server/src/main.ts'], {
    cwd: root,
    env: { PORT: 'canary', HSM_MODULE: 'canary' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  // Not its exit: what it said may be in the pipe still.
  expect((await once(child, 'close'))[0]).toBe(1)
  for (const name of ['PORT', 'HSM_MODULE', 'HSM_PIN', 'DATABASE_URL']) expect(output).toContain(name)
  expect(output).not.toContain('canary')
})
