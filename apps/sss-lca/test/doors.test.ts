import { once } from 'node:events'
import { openDatabase, shiftClock } from '@strongroom/storage'
import type { Settings, TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSssLca, type World } from './client.ts'

let worlds: Record<'trueClock' | 'shifted', World>
beforeAll(async () => {
  const [trueClock, shifted] = await Promise.all([startSssLca({ processes: 0 }), startSssLca({ processes: 0 })])
  worlds = { trueClock, shifted }
  const owner = openDatabase({ connectionString: shifted.app.database.adminUrl, connections: 1 })
  await shiftClock(owner, '31 days')
  await owner.close()
})
afterAll(() => Promise.all([worlds.trueClock[Symbol.asyncDispose](), worlds.shifted[Symbol.asyncDispose]()]))

/** Why a start was refused, in what it wrote itself, or `serves`. */
async function start(app: TestApp, settings: Settings): Promise<string> {
  const before = (await app.log()).length
  try {
    const { child } = await app.spawn(settings)
    // Not its exit: what it said may be in the pipe still.
    const gone = once(child, 'close')
    child.kill('SIGTERM')
    await gone
    return 'serves'
  } catch {
    return (await app.log()).slice(before)
  }
}

/** Without any door. */
const plain: Settings = {
  FIREBASE_PROJECT_ID: 'strongroom-dev',
  FIREBASE_ISSUER: undefined,
  FIREBASE_KEYS_URL: undefined,
  FIREBASE_AUTH_EMULATOR_HOST: undefined,
  OIDC_ISSUER: undefined,
  OIDC_AUDIENCE: undefined,
  HSM_ALLOW_SOFTWARE: 'SoftHSM v2',
}

const elsewhere = 'http://127.0.0.1:4010'
const notDevelopment = /Only STRONGROOM_ENV=development may do this/

interface Door {
  readonly what: string
  readonly settings: Settings
  readonly why: RegExp
  readonly clock?: 'shifted'
}

const doors: readonly Door[] = [
  {
    what: 'Firebase’s stub',
    settings: { FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:4010' },
    why: /FIREBASE_AUTH_EMULATOR_HOST/,
  },
  {
    what: 'a stub of every push service',
    settings: {
      PUSH_DEVELOPMENT_URL: 'https://127.0.0.1:8026',
      PUSH_DEVELOPMENT_CA: '-----BEGIN CERTIFICATE-----',
    },
    why: /PUSH_DEVELOPMENT_URL/,
  },
  { what: 'a shifted clock', settings: {}, clock: 'shifted', why: /production clock/ },
  {
    what: 'a software token that is not allowed by name',
    settings: { HSM_ALLOW_SOFTWARE: undefined },
    why: /software/i,
  },
  {
    what: 'an issuer of development',
    settings: { OIDC_ISSUER: elsewhere, OIDC_AUDIENCE: 'strongroom-dev' },
    why: /OIDC_ISSUER/,
  },
]

describe.each(doors)('$what', ({ settings, why, clock }) => {
  const open = (environment: Settings) =>
    start(worlds[clock ?? 'trueClock'].app, { ...plain, ...settings, ...environment })

  test.each([
    ['in production', { STRONGROOM_ENV: 'production' }, why],
    ['where the environment is unset', { STRONGROOM_ENV: undefined }, why],
    ['off loopback', { STRONGROOM_ENV: 'development', HOST: '0.0.0.0' }, /loopback/],
  ])('is refused %s', async (_, environment, reason) => {
    const said = await open(environment)
    expect(said).toMatch(reason)
    expect(said).not.toContain('4010')
  })
})

test.each([
  ['KEYCLOAK_ISSUER', { KEYCLOAK_ISSUER: elsewhere, KEYCLOAK_AUDIENCE: 'strongroom-dev' }],
  ['SUPERTOKENS_ISSUER', { SUPERTOKENS_ISSUER: 'HTTP://localhost:4010', SUPERTOKENS_AUDIENCE: 'strongroom-dev' }],
  ['FIREBASE_ISSUER', { FIREBASE_ISSUER: elsewhere }],
  ['FIREBASE_KEYS_URL', { FIREBASE_KEYS_URL: `${elsewhere}/jwks` }],
])('%s on this machine is refused in production as well', async (name, settings) => {
  const said = await start(worlds.trueClock.app, { ...plain, ...settings, STRONGROOM_ENV: 'production' })
  expect(said).toMatch(notDevelopment)
  expect(said).toContain(name)
})

test('without any of them it serves in production, and with all of them in development', async () => {
  expect(await start(worlds.trueClock.app, { ...plain, STRONGROOM_ENV: 'production' })).toBe('serves')
  const push = await worlds.shifted.app.outbox.push.environment()
  expect(await start(worlds.shifted.app, { ...push, KEYCLOAK_ISSUER: elsewhere, KEYCLOAK_AUDIENCE: 'a' })).toBe(
    'serves',
  )
})

test('an open relay is told of at each start', async () => {
  const { app } = worlds.trueClock
  expect(await start(app, { ...plain, STRONGROOM_ENV: 'production', APPROVE_AUTH: 'open' })).toBe('serves')
  const lines = (await app.log()).split('\n').filter((line) => line.includes('APPROVE_AUTH=open'))
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ level: 40 })
})

test.each([
  ['OIDC_ISSUER', { OIDC_ISSUER: 'https://canary.example' }],
  ['OIDC_AUDIENCE', { OIDC_AUDIENCE: 'canary' }],
  ['FIREBASE_PROJECT_ID', { FIREBASE_PROJECT_ID: undefined, FIREBASE_ISSUER: 'https://canary.example' }],
  ['service account', { FIREBASE_SERVICE_ACCOUNT: '{"private_key":"canary' }],
  ['Redis', { REDIS_URL: 'canary' }],
])('a bad %s ends the start, and its value is not told', async (name, settings) => {
  const said = await start(worlds.trueClock.app, { ...plain, ...settings })
  expect(said).toContain(name)
  expect(said).not.toContain('canary')
})

test('every switch that is none is told at once', async () => {
  const switches = ['APPROVE_AUTH', 'DID_AUTH', 'QUERY_LOOKUP', 'EMAIL_BACKUP_ANY_ADDRESS', 'BRAND_NAMES']
  const numbers = ['ROTATIONS_PER_DAY', 'HOLD_DAYS', 'START_OVER_DAYS']
  const settings = Object.fromEntries([...switches, ...numbers].map((name) => [name, 'canary']))
  const said = await start(worlds.trueClock.app, { ...plain, ...settings, HOLD_DAYS: '0' })
  for (const name of Object.keys(settings)) expect(said).toContain(`${name}: `)
  expect(said).not.toContain('canary')
})
