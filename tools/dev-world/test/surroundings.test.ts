import { createConnection } from 'node:net'
import { createPublicKey, verify as isSignedBy } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makePlaces, runCommand, startWorldOf, type RunningWorld, type TestPlaces } from './running-world.ts'

type Settings = Readonly<Record<string, string>>

let places: TestPlaces
let world: RunningWorld

const up = async () => {
  const begun = startWorldOf(places)
  await begun.hears('how to log in')
  return begun
}
const down = async (running: RunningWorld) => {
  running.kill('SIGTERM')
  await running.exited
}
beforeAll(async () => {
  places = makePlaces()
  world = await up()
})
afterAll(async () => {
  await down(world)
  await places.remove()
})

// Commands are waited for without looking up: a connection that is kept would be closed at the other end meanwhile.
const headers = { connection: 'close' }
const toldTo = async (app: string) =>
  (await (await fetch(`${world.world().apps[app] ?? ''}/environment`, { headers })).json()) as Settings
const token = (...args: string[]) => runCommand(places, 'login-token-main.ts', ...args)
const scan = (...args: string[]) => runCommand(places, 'scan-main.ts', ...args)
const sign = (...args: string[]) => runCommand(places, 'sign-main.ts', ...args)
const keyOf = (...args: string[]) => sign('--key', ...args).said.trim()
const keyOfSigner = (name: string) => sign('--key', name, '--show').said.trim()
const presentation = (...args: string[]) => runCommand(places, 'presentation-main.ts', ...args)

describe('an app', () => {
  it('is told where what it needs is, its own settings, and nothing of what others need', async () => {
    const { outbox, smtp, issuer, firebase, faces, objects, administrator, redis } = world.world()
    const [first, second] = await Promise.all([toldTo('first-app'), toldTo('second-app')])
    expect(first).toMatchObject({ SMTP_URL: smtp, MAIL_FROM: expect.any(String), COLOUR: 'blue' })
    expect(second).toMatchObject({
      SMS_HTTP_URL: `${outbox}/sms`,
      PUSH_DEVELOPMENT_URL: expect.stringMatching(/^https:\/\/127\.0\.0\.1:/),
      OIDC_ISSUER: issuer,
      OIDC_AUDIENCE: 'strongroom-dev',
      FIREBASE_PROJECT_ID: firebase?.projectId,
      FIREBASE_ISSUER: issuer,
      FIREBASE_KEYS_URL: `${issuer ?? ''}/jwks`,
      FIREBASE_AUTH_EMULATOR_HOST: firebase?.authEmulatorHost,
      REDIS_URL: redis,
      FACETEC_URL: faces,
      OBJECTS_SECRET_ACCESS_KEY: expect.any(String),
      LEDGER_MASTER_ACCOUNT: administrator,
      LEDGER_ADMIN_KEYS: administrator,
    })
    expect(`${second['OBJECTS_URL'] ?? ''}/${second['OBJECTS_BUCKET'] ?? ''}`).toBe(objects)
    expect(administrator).toBe(keyOfSigner('admin'))
    for (const name of Object.keys(first))
      expect(name).not.toMatch(/^(SMS|PUSH|FCM|VAPID|OIDC|FIREBASE|REDIS|FACETEC|OBJECTS|LEDGER|CLIENT|HOOKS)_/)
    for (const name of Object.keys(second)) expect(name).not.toMatch(/^(SMTP|MAIL)_|^COLOUR$/)
  })

  it('with hooks is told their port and the secrets of its nodes, which lie in files of their owner alone', async () => {
    const { HOOKS_PORT = '', HOOKS_SECRETS_FILE = '' } = await toldTo('second-app')
    expect(world.world().hooks).toEqual({ 'second-app': `http://127.0.0.1:${HOOKS_PORT}` })
    const secret = join(places.home, 'hooks/second-app/secret')
    expect(readFileSync(secret, 'utf8')).toMatch(/^[\w-]{32}$/)
    expect(readFileSync(HOOKS_SECRETS_FILE, 'utf8')).toBe(`node=${readFileSync(secret, 'utf8')}\n`)
    for (const path of [secret, HOOKS_SECRETS_FILE]) expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('finds a Redis at the same address after it died', async () => {
    const { REDIS_URL: url = '' } = await toldTo('second-app')
    const client = createClient({ url, socket: { reconnectStrategy: () => 20 } })
    client.on('error', () => undefined)
    onTestFinished(() => client.destroy())
    await client.connect()
    await client.sendCommand(['SHUTDOWN', 'NOSAVE']).catch(() => undefined)
    await world.hears('Redis ended: starting it again')
    await expect.poll(() => client.ping().catch(() => undefined)).toBe('PONG')
  })
})

const verify = async (text: string) => {
  const { FIREBASE_ISSUER = '', FIREBASE_KEYS_URL = '', FIREBASE_PROJECT_ID = '' } = await toldTo('second-app')
  const keys = createRemoteJWKSet(new URL(FIREBASE_KEYS_URL))
  return (await jwtVerify(text, keys, { issuer: FIREBASE_ISSUER, audience: FIREBASE_PROJECT_ID })).payload
}

describe('a token', () => {
  it('of an address is one line that an app can verify by what it was told', async () => {
    const { status, said, complained } = token('ann@example.com')
    expect({ status, complained }).toEqual({ status: 0, complained: '' })
    expect(said).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    expect(await verify(said.trim())).toMatchObject({ email: 'ann@example.com', email_verified: true })
  })

  it('may be of a number, unverified, or an access token of an OpenID provider', async () => {
    expect(await verify(token('+15550100000').said.trim())).toMatchObject({ phone_number: '+15550100000' })
    expect(await verify(token('--unverified', 'bob@example.com').said.trim())).toMatchObject({ email_verified: false })
    const access = token('ann@example.com', '--provider=oidc').said.trim()
    expect(await verify(access)).toMatchObject({ email: 'ann@example.com', client_id: 'strongroom-dev' })
  })

  it('is of the subject that is named, with or without an address', async () => {
    expect(await verify(token('--sub', 'a-subject', '--provider=oidc').said.trim())).toMatchObject({ sub: 'a-subject' })
    const both = token('--sub', 'another', 'carl@example.com').said.trim()
    expect(await verify(both)).toMatchObject({ sub: 'another', email: 'carl@example.com' })
  })

  it('is not made for nobody, two, or an unknown provider: a line says what there is', () => {
    for (const args of [
      [],
      ['--sub', ''],
      ['ann@example.com', 'bob@example.com'],
      ['ann@example.com', '--provider=x'],
      ['--what'],
    ]) {
      expect(token(...args)).toEqual({ status: 2, said: '', complained: expect.stringContaining('Say for whom') })
    }
    expect(token('ann').complained).toContain('email')
  })
})

describe('a presentation', () => {
  const aa = 'aa'.repeat(32)

  it('is of the wallet whose seed is given', () => {
    const did = 'did:key:z6Mkv1o2GEgtXjFdEMfLtupcKhGRydM8V7VHzii7Uh4aHoqH'
    expect(presentation('--seed', aa, '--did')).toEqual({ status: 0, said: `${did}\n`, complained: '' })
    const made = presentation('--seed', aa, '--challenge', 'c', '--audience', 'https://api.example.com').said
    expect(decodeJwt(made.trim())).toMatchObject({ iss: did, nonce: 'c', aud: 'https://api.example.com' })
  })

  it("is else of the world's own wallet, the same each time, whose seed only its owner may read", () => {
    const first = presentation('--did').said
    expect(first).toMatch(/^did:key:z6Mk\w+\n$/)
    expect(presentation('--did').said).toBe(first)
    expect(decodeJwt(presentation().said.trim()).iss).toBe(first.trim())
    expect(statSync(join(places.home, 'wallet/own.seed')).mode & 0o777).toBe(0o600)
  })

  it('is not made of half a seed', () => {
    for (const args of [['--seed', 'aa'], ['--seed', 'zz'.repeat(32)], ['--what'], ['ann']]) {
      expect(presentation(...args)).toEqual({ status: 2, said: '', complained: expect.stringContaining('--seed') })
    }
  })
})

describe('a signature', () => {
  const challenge = '07'.repeat(32)

  it('is of a device whose key is the same each time, over the canonical JSON of the challenge', () => {
    const [key, { status, said, complained }] = [keyOf(), sign(challenge)]
    expect({ status, complained }).toEqual({ status: 0, complained: '' })
    expect(key).toMatch(/^04[0-9a-f]{128}$/)
    expect(keyOf()).toBe(key)
    const [x, y] = [key.slice(2, 66), key.slice(66)].map((hex) => Buffer.from(hex, 'hex').toString('base64url'))
    const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } })
    const message = Buffer.from(`{"challenge":"${challenge}"}`)
    expect(isSignedBy('sha256', message, publicKey, Buffer.from(said.trim(), 'hex'))).toBe(true)
    expect(keyOf('--device', 'another')).not.toBe(key)
    expect(statSync(join(places.home, 'devices/own.pem')).mode & 0o777).toBe(0o600)
  })

  it('is made of a challenge alone, by a device with a name: a line says what there is', () => {
    const bad = [[], ['aa'], [challenge, challenge], [challenge, '--device', '../x'], [challenge, '--key'], ['--what']]
    for (const args of bad) {
      expect(sign(...args)).toEqual({ status: 2, said: '', complained: expect.stringContaining('--device') })
    }
  })
})

const ref = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'

/** As an app does that was given the scan in a request. */
async function askFaces(route: string, fields: Settings): Promise<unknown> {
  const body = {
    externalDatabaseRefID: ref,
    faceScan: fields['face_scan'],
    auditTrailImage: fields['audit_trail_image'],
    lowQualityAuditTrailImage: fields['low_quality_audit_trail_image'],
  }
  const { FACETEC_URL = '' } = await toldTo('second-app')
  return (await fetch(`${FACETEC_URL}${route}`, { method: 'POST', headers, body: JSON.stringify(body) })).json()
}
const fieldsOf = (...args: string[]) => {
  const { status, said, complained } = scan(...args)
  expect({ status, complained, lines: said.split('\n').length }).toEqual({ status: 0, complained: '', lines: 2 })
  return JSON.parse(said) as Settings
}

describe('a scan', () => {
  it('is one line of JSON, of whoever is named, and the stub that the app is told of takes it', async () => {
    const enrolled = await askFaces('/enrollment-3d', fieldsOf('--person', 'ann'))
    expect(enrolled).toMatchObject({ success: true, serverInfo: { type: 'strongroom-stub' } })
    expect(await askFaces('/match-3d-3d', fieldsOf('--person=ann'))).toMatchObject({ success: true, matchLevel: 15 })
    expect(await askFaces('/match-3d-3d', fieldsOf('--person', 'bob'))).toMatchObject({ success: false })
    const checks = { faceScanSecurityChecks: { faceScanLivenessCheckSucceeded: false } }
    expect(await askFaces('/match-3d-3d', fieldsOf('--person', 'ann', '--not-live'))).toMatchObject(checks)
  })

  it('is not made of nobody: a line says what there is', () => {
    for (const args of [[], ['--person'], ['--person', ''], ['ann'], ['--person', 'ann', '--what']]) {
      expect(scan(...args)).toEqual({ status: 2, said: '', complained: expect.stringContaining('Say whose face') })
    }
  })
})

describe('after the end', () => {
  it('nothing answers, a command says that no world runs, and the next world takes up the same people, faces and keys', async () => {
    const { redis = '', issuer = '', faces = '', objects = '', administrator } = world.world()
    const before = token('ann@example.com').said.trim()
    await down(world)
    expect(token('ann@example.com')).toEqual({
      status: 1,
      said: '',
      complained: expect.stringContaining('No development world runs here'),
    })
    for (const address of [redis, issuer, faces, objects]) expect(await listens(address)).toBe(false)
    expect(scan('--person', 'ann').complained).toContain('No development world runs here')
    world = await up()
    expect(world.world().administrator).toBe(administrator)
    expect(await askFaces('/match-3d-3d', fieldsOf('--person', 'ann'))).toMatchObject({ success: true })
    const { FIREBASE_KEYS_URL = '' } = await toldTo('second-app')
    const kept = await jwtVerify(before, createRemoteJWKSet(new URL(FIREBASE_KEYS_URL)))
    expect(decodeJwt(token('ann@example.com').said.trim()).sub).toBe(kept.payload.sub)
  })
})

const listens = (address: string): Promise<boolean> =>
  new Promise((done) => {
    const { hostname, port } = new URL(address)
    const socket = createConnection(Number(port), hostname, () => {
      socket.destroy()
      done(true)
    }).on('error', () => done(false))
  })
