import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certify } from '@strongroom/outbox'
import { openDatabase, shiftClock } from '@strongroom/storage'
import type { AppProcess, Settings } from '@strongroom/test-world'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, drawFrom, drawSeed, type DuoPlace, newUser } from '../src/index.ts'
import { kill } from './key-server.ts'
import { duoPlaceOf, type MpcAuth, startDuoOriginalWithFaces, startMpcAuth } from './mpc-auth.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

/** An issuer as production has it: by TLS, of a name and a certificate that the app is told to trust. */
interface TlsIssuer extends AsyncDisposable {
  readonly settings: Settings
  readonly tokenOf: (subject: string) => Promise<string>
}

async function startTlsIssuer(): Promise<TlsIssuer> {
  const { key, certificate } = certify(['127.0.0.1'])
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-issuer-'))
  const trusted = join(scratch, 'issuer.pem')
  writeFileSync(trusted, certificate)
  const pair = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  let url = ''
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const isKeys = request.url === '/jwks'
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isKeys ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/jwks` }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    settings: { OIDC_ISSUER: url, OIDC_AUDIENCE: 'production', NODE_EXTRA_CA_CERTS: trusted },
    tokenOf: (subject) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'at+jwt' })
        .setIssuer(url)
        .setSubject(subject)
        .setAudience('production')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(pair.privateKey),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((closed) => void server.close(() => closed()))
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

const software: Settings = { HSM_ALLOW_SOFTWARE: 'SoftHSM v2' }

describe(`case 35, development doors, on the original’s shape, ${repeat}`, () => {
  it('asks nobody where it runs: whoever answers for faces is believed', async () => {
    await using world = await startDuoOriginalWithFaces()
    const person = await newUser(world.place, randomness)
    expect(codeOf(await person.addFace(await person.scan()))).toBe(201)
  })
})

describe(`case 35, development doors, on mpc-auth, ${repeat}`, () => {
  let issuer: TlsIssuer
  let worlds: Record<'trueClock' | 'shifted', MpcAuth>
  beforeAll(async () => {
    const [trueClock, shifted, tls] = await Promise.all([
      startMpcAuth({ processes: 0 }),
      startMpcAuth({ processes: 0 }),
      startTlsIssuer(),
    ])
    worlds = { trueClock, shifted }
    issuer = tls
    const owner = openDatabase({ connectionString: shifted.world.app.database.adminUrl, connections: 1 })
    await shiftClock(owner, '31 days')
    await owner.close()
  })
  afterAll(async () => {
    await Promise.all(Object.values(worlds).map((mpc) => mpc[Symbol.asyncDispose]()))
    await issuer[Symbol.asyncDispose]()
  })

  /** Why a start was refused, in what it wrote itself, or the process that serves. */
  async function start(clock: keyof typeof worlds, settings: Settings): Promise<string | AppProcess> {
    const { app } = worlds[clock].world
    const before = (await app.log()).length
    try {
      return await app.spawn({ ...software, ...issuer.settings, FACETEC_URL: undefined, ...settings })
    } catch {
      return (await app.log()).slice(before)
    }
  }

  const doors = {
    'an issuer of development': { settings: { OIDC_ISSUER: 'http://127.0.0.1:4010' }, why: /OIDC_ISSUER/ },
    'a shifted clock': { settings: {}, clock: 'shifted', why: /production clock/ },
    'a software token that is not allowed by name': { settings: { HSM_ALLOW_SOFTWARE: undefined }, why: /software/i },
    'a software token, another one allowed': { settings: { HSM_ALLOW_SOFTWARE: 'NSS 3' }, why: /software/i },
  } as const

  describe.each(Object.entries(doors))('%s', (_, door) => {
    const clock = 'clock' in door ? door.clock : 'trueClock'
    it.each([
      ['in production', { STRONGROOM_ENV: 'production' }, door.why],
      ['where the environment is unset', { STRONGROOM_ENV: undefined }, door.why],
      ['off loopback', { STRONGROOM_ENV: 'development', HOST: '0.0.0.0' }, /loopback/],
    ])('is refused %s', async (_where, environment, why) => {
      expect(await start(clock, { ...door.settings, ...environment })).toMatch(why)
    })
  })

  it('the stub of a face server is refused with the rest off loopback', async () => {
    const settings = { FACETEC_URL: worlds.trueClock.faces.url, STRONGROOM_ENV: 'development', HOST: '0.0.0.0' }
    expect(await start('trueClock', settings)).toMatch(/loopback/)
  })

  it.each([
    ['in production', { STRONGROOM_ENV: 'production' }],
    ['where the environment is unset', { STRONGROOM_ENV: undefined }],
  ])('the stub of a face server is believed by nobody %s', async (_where, environment) => {
    const mpc = worlds.trueClock
    const served = await start('trueClock', { FACETEC_URL: mpc.faces.url, ...environment })
    if (typeof served === 'string') throw new Error(`It did not start:\n${served}`)
    const place: DuoPlace = { ...duoPlaceOf(mpc, served), tokenOf: issuer.tokenOf }
    const person = await newUser(place, randomness)
    expect(codeOf(await person.addFace(await person.scan()))).toBe(100903)
    expect((await person.send('GET', '/auth/face/session-token')).status).toBe(502)
    expect((await person.send('GET', '/v2/face')).body).toContain('"registered":false')
    await kill(served)
  })

  it('the same stub is believed in development, so that it is the environment that refuses it', async () => {
    const mpc = worlds.trueClock
    const served = await mpc.world.app.spawn()
    const person = await newUser(duoPlaceOf(mpc, served), randomness)
    expect(codeOf(await person.addFace(await person.scan()))).toBe(201)
    await kill(served)
  })
})
