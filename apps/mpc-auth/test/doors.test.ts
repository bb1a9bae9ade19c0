import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certify } from '@strongroom/outbox'
import { openDatabase, shiftClock } from '@strongroom/storage'
import type { Settings, TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, errorOf, startMpcAuth, type World } from './client.ts'
import { startOwnIssuer } from './own-issuer.ts'

let worlds: Record<'trueClock' | 'shifted', World>
beforeAll(async () => {
  const [trueClock, shifted] = await Promise.all([startMpcAuth({ processes: 0 }), startMpcAuth({ processes: 0 })])
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
  OIDC_ISSUER: 'https://issuer.example/',
  FACETEC_URL: undefined,
  HSM_ALLOW_SOFTWARE: 'SoftHSM v2',
}

interface Door {
  readonly what: string
  readonly settings: Settings
  readonly why: RegExp
  readonly clock?: 'shifted'
}

const doors: readonly Door[] = [
  { what: 'an issuer of development', settings: { OIDC_ISSUER: 'http://127.0.0.1:4010' }, why: /OIDC_ISSUER/ },
  { what: 'such an issuer in capitals', settings: { OIDC_ISSUER: 'HTTP://localhost:4010' }, why: /OIDC_ISSUER/ },
  { what: 'a shifted clock', settings: {}, clock: 'shifted', why: /production clock/ },
  { what: 'a software token that is not allowed', settings: { HSM_ALLOW_SOFTWARE: undefined }, why: /software/i },
  { what: 'a software token, another one allowed', settings: { HSM_ALLOW_SOFTWARE: 'NSS 3' }, why: /software/i },
]

test.each(doors)('$what is refused in production', async ({ settings, why, clock }) => {
  const said = await start(worlds[clock ?? 'trueClock'].app, { ...plain, ...settings, STRONGROOM_ENV: 'production' })
  expect(said).toMatch(why)
  expect(said).not.toContain('4010')
})

test('production is what an unset environment means', async () => {
  const settings = { ...plain, OIDC_ISSUER: 'http://127.0.0.1:4010', STRONGROOM_ENV: undefined }
  expect(await start(worlds.trueClock.app, settings)).toMatch(/OIDC_ISSUER/)
})

test.each([
  ['HOST', { HOST: '0.0.0.0' }],
  ['HOOKS_HOST', { HOOKS_HOST: '0.0.0.0' }],
])('development listens on loopback alone, whatever %s says', async (_, settings) => {
  expect(await start(worlds.trueClock.app, settings)).toMatch(/loopback/)
})

test('without a door it serves in production, and with all of them in development', async () => {
  expect(await start(worlds.trueClock.app, { ...plain, STRONGROOM_ENV: 'production' })).toBe('serves')
  expect(await start(worlds.shifted.app, {})).toBe('serves')
})

test('production believes no stub of a face server, wherever it is', async () => {
  const { key, certificate: cert } = certify(['127.0.0.1'])
  const issuer = await startOwnIssuer({ key, cert })
  const folder = mkdtempSync(join(tmpdir(), 'mpc-auth-ca-'))
  writeFileSync(join(folder, 'ca.pem'), cert)
  const { app, faces } = worlds.trueClock
  const settings: Settings = {
    ...plain,
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: issuer.audience,
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    FACETEC_URL: faces.url,
  }
  try {
    const { baseUrl } = await app.spawn({ ...settings, STRONGROOM_ENV: 'production' })
    const ask = clientOf(baseUrl)
    const token = issuer.token()
    expect((await ask({ method: 'POST', path: '/auth/users/register', token, body: {} })).status).toBe(201)
    const { status, text } = await ask({ path: '/auth/face/session-token', token })
    expect([status, text]).toEqual([502, errorOf(100903, 'Face service unavailable')])
    const scan = { face_scan: 'AAAA', audit_trail_image: 'AAAA', low_quality_audit_trail_image: 'AAAA' }
    expect((await ask({ method: 'POST', path: '/auth/face/register', token, body: scan })).status).toBe(502)
    await expect.poll(() => app.log()).toContain('stub-refused')
    const development = await app.spawn(settings)
    expect((await clientOf(development.baseUrl)({ path: '/auth/face/session-token', token })).status).toBe(200)
  } finally {
    await issuer.close()
    rmSync(folder, { recursive: true })
  }
})

test('what is left open is told at each start', async () => {
  const { app } = worlds.trueClock
  const before = (await app.log()).length
  await start(app, { ...plain, HOOKS_SECRETS: undefined, STRONGROOM_ENV: 'production' })
  const said = (await app.log()).slice(before)
  for (const name of ['FACETEC_URL', 'HOOKS_SECRETS']) {
    const lines = said.split('\n').filter((line) => line.includes(`${name} is not set`))
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ level: 40 }])
  }
})

test.each([
  ['OIDC_ISSUER', { OIDC_ISSUER: 'canary' }],
  ['OIDC_AUDIENCE', { OIDC_AUDIENCE: undefined }],
  ['issuer', { OIDC_ISSUER: 'https://user:canary@issuer.example/' }],
  ['FaceTec', { FACETEC_URL: 'http://canary.example' }],
  ['FACETEC_MIN_MATCH_LEVEL', { FACETEC_MIN_MATCH_LEVEL: '16' }],
  ['FACE_ENROL_REQUIRES_DEVICE', { FACE_ENROL_REQUIRES_DEVICE: 'canary' }],
  ['FACE_ATTEMPTS', { FACE_ATTEMPTS: '0' }],
  ['HOOKS_SECRETS', { HOOKS_SECRETS: 'node-1=canary' }],
  ['HOOKS_SECRETS', { HOOKS_SECRETS: 'canary-without-a-name-that-is-long-enough' }],
  ['HOOKS_SECRETS', { HOOKS_SECRETS: 'node-1=canary!of?characters*that(no)header%carries' }],
  ['HOOKS_TLS', { HOOKS_TLS_CERT_FILE: '/canary' }],
  ['EVENTS_WEBHOOK_URL', { EVENTS_WEBHOOK_URL: 'canary' }],
])('a bad %s ends the start, and its value is not told', async (name, settings) => {
  const said = await start(worlds.trueClock.app, { ...plain, ...settings })
  expect(said).toContain(name)
  expect(said).not.toContain('canary')
})
