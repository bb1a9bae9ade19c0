import { once } from 'node:events'
import { newSeed, signerOf } from '@strongroom/identity-client'
import { openDatabase, shiftClock } from '@strongroom/storage'
import type { Settings, TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, refused, startIdentityStorage, told, type World } from './client.ts'
import { newWalletId } from './owners.ts'
import { vectors } from './signing.ts'

let worlds: Record<'trueClock' | 'shifted', World>
beforeAll(async () => {
  const [trueClock, shifted] = await Promise.all([
    startIdentityStorage({ processes: 0 }),
    startIdentityStorage({ processes: 0 }),
  ])
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
    // What it wrote at last may still be on its way when it is gone.
    const gone = once(child, 'close')
    child.kill('SIGTERM')
    await gone
    return 'serves'
  } catch {
    return (await app.log()).slice(before)
  }
}

/** Without any door. */
const plain: Settings = { CLIENT_ROUTER_URL: 'https://wallet.example.com/r', HSM_ALLOW_SOFTWARE: 'SoftHSM v2' }

const storeSettings: Settings = {
  OBJECTS_URL: 'https://store.example.com',
  OBJECTS_BUCKET: 'papers',
  OBJECTS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  OBJECTS_SECRET_ACCESS_KEY: 'a-secret-of-the-tests',
}

interface Door {
  readonly what: string
  readonly settings: Settings
  readonly why: RegExp
  readonly clock?: 'shifted'
}

const doors: readonly Door[] = [
  {
    what: 'a web client without TLS',
    settings: { CLIENT_ROUTER_URL: 'http://4210.example.com/r' },
    why: /CLIENT_ROUTER_URL/,
  },
  {
    what: 'such a client in capitals',
    settings: { CLIENT_ROUTER_URL: 'HTTP://4210.example.com/r' },
    why: /CLIENT_ROUTER_URL/,
  },
  { what: 'a ledger without TLS', settings: { LEDGER_URL: 'http://4210.example.com' }, why: /LEDGER_URL is not https/ },
  {
    what: 'such a ledger in capitals',
    settings: { LEDGER_URL: 'HTTP://4210.example.com' },
    why: /LEDGER_URL is not https/,
  },
  {
    what: 'a store of documents without TLS',
    settings: { ...storeSettings, OBJECTS_URL: 'http://4210.example.com' },
    why: /OBJECTS_URL is not https/,
  },
  {
    what: 'such a store in capitals',
    settings: { ...storeSettings, OBJECTS_URL: 'HTTP://4210.example.com' },
    why: /OBJECTS_URL is not https/,
  },
  { what: 'a shifted clock', settings: {}, clock: 'shifted', why: /production clock/ },
  { what: 'a software token that is not allowed', settings: { HSM_ALLOW_SOFTWARE: undefined }, why: /software/i },
]

test.each(doors)('$what is refused in production', async ({ settings, why, clock }) => {
  const said = await start(worlds[clock ?? 'trueClock'].app, { ...plain, ...settings, STRONGROOM_ENV: 'production' })
  expect(said).toMatch(why)
  expect(said).not.toContain('4210')
})

test('production is what an unset environment means', async () => {
  const settings = { ...plain, CLIENT_ROUTER_URL: 'http://127.0.0.1:4210/r', STRONGROOM_ENV: undefined }
  expect(await start(worlds.trueClock.app, settings)).toMatch(/CLIENT_ROUTER_URL/)
})

test('development listens on loopback alone', async () => {
  expect(await start(worlds.trueClock.app, { HOST: '0.0.0.0' })).toMatch(/loopback/)
})

test('without a door it serves in production, and with all of them in development', async () => {
  const elsewhere = { ...storeSettings, LEDGER_URL: 'https://ledger.example.com' }
  for (const settings of [{}, elsewhere])
    expect(await start(worlds.trueClock.app, { ...plain, ...settings, STRONGROOM_ENV: 'production' })).toBe('serves')
  expect(await start(worlds.shifted.app, {})).toBe('serves')
})

const [key = '', seed = ''] = [vectors.signed[0]?.keyId, vectors.signed[0]?.seed]
const broken = `${key.slice(0, -1)}A`
// Of small order: a signature by it fits every request.
const smallOrder = 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF'
const bad: Readonly<Record<string, readonly (string | undefined)[]>> = {
  LEDGER_MASTER_ACCOUNT: [undefined, broken, seed, key.toLowerCase(), smallOrder],
  LEDGER_ADMIN_KEYS: [broken, seed, `${key},canary`, smallOrder],
  LEDGER_NETWORK_PASSPHRASE: [''],
  SIGNATURES: ['canary'],
  LEGACY_SIGNATURES: ['canary'],
  GATEWAY_PREFIX: ['canary', '/canary/', '/canary?'],
  EMAIL_VERIFICATION: ['canary'],
  CLIENT_ROUTER_URL: [
    undefined,
    'canary',
    'ftp://canary.example/r',
    'https://user:canary@example.com/r',
    'https://example.com/r?canary',
    'https://example.com/#canary',
  ],
  TOTP_ISSUER: ['canary: a vault', 'canary\n'],
  SESSION_MINUTES: ['0', '1441', '10.5'],
  UNVERIFIED_HOURS: ['canary', '0'],
  HOLD_DAYS: ['366', '0'],
  CREATIONS_PER_ADDRESS: ['-1', '0'],
  LOOKUPS_PER_ADDRESS: ['canary'],
  ATTEMPTS_PER_ADDRESS: ['1000001'],
}
const rounds = Array.from({ length: 6 }, (_, round) =>
  Object.entries(bad).flatMap(([name, values]) => (round < values.length ? [[name, values[round]] as const] : [])),
)

test.each(rounds)('bad settings end the start, each by its name and none with its value: %#', async (...settings) => {
  const said = await start(worlds.trueClock.app, { ...plain, ...Object.fromEntries(settings) })
  for (const [name] of settings) expect(said).toContain(`${name}: `)
  for (const value of ['canary', seed, broken, key.toLowerCase()]) expect(said).not.toContain(value)
})

test('what is left open is told at each start', async () => {
  const { app } = worlds.trueClock
  const before = (await app.log()).length
  const open = { LEDGER_ADMIN_KEYS: undefined, SMTP_URL: undefined, MAIL_FROM: undefined, EMAIL_VERIFICATION: 'off' }
  expect(await start(app, { ...plain, ...open, STRONGROOM_ENV: 'production' })).toBe('serves')
  const said = (await app.log()).slice(before).split('\n')
  for (const words of ['LEDGER_ADMIN_KEYS is not set', 'SMTP_URL is not set', 'EMAIL_VERIFICATION=off']) {
    const lines = said.filter((line) => line.includes(words))
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ level: 40 }])
  }
})

test('who administers is who the settings say, and nobody where they say none', async () => {
  const { app, admin } = worlds.trueClock
  const second = signerOf(newSeed())
  const asked = { method: 'DELETE', path: `/wallets/${newWalletId()}` }
  const two = await app.spawn({ LEDGER_ADMIN_KEYS: `${second.keyId}, ${admin.keyId}` })
  for (const by of [second, admin]) expect((await clientOf(two.baseUrl)({ ...asked, by })).status).toBe(204)
  const none = await app.spawn({ LEDGER_ADMIN_KEYS: undefined })
  expect(told(await clientOf(none.baseUrl)({ ...asked, by: admin }))).toEqual(refused(401))
})
