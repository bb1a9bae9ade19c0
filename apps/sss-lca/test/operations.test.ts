import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, newSeed, type Person, personOf, queryOf, shareOf, startSssLca, type World } from './client.ts'
import { passTime } from './pass-time.ts'
import { codeTo, newEmail, newPhone, newShare } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(() => world[Symbol.asyncDispose]())

const base = () => world.app.baseUrls[0] ?? ''
const get = async (path: string, from = base()) => {
  const answer = await fetch(`${from}${path}`)
  return { status: answer.status, text: await answer.text() }
}

describe('DID_AUTH=challenge', () => {
  let ann: Person
  let strict: Awaited<ReturnType<World['app']['spawn']>>
  beforeAll(async () => {
    strict = await world.app.spawn({ DID_AUTH: 'challenge' })
    ann = personOf(world, { email: newEmail(), baseUrl: strict.baseUrl })
  })

  /** Every route that a DID asks, or may ask. */
  const asked = async (): Promise<readonly { method: string; path: string; body?: object; did: 'must' | 'may' }[]> => {
    const login = await ann.login()
    return [
      { did: 'must', method: 'PUT', path: '/keys/auth-share', body: { ...login, ...shareOf(newShare()) } },
      { did: 'may', method: 'POST', path: '/keys/auth-share', body: login },
      { did: 'must', method: 'POST', path: '/keys/recovery', body: { ...login, type: 'phrase' } },
      { did: 'may', method: 'GET', path: `/keys/recovery?${queryOf({ ...login, type: 'phrase' })}` },
      { did: 'must', method: 'POST', path: '/keys/recovery-email/add', body: { ...login, email: newEmail() } },
      { did: 'may', method: 'GET', path: `/keys/recovery-email?${queryOf(login)}` },
      { did: 'may', method: 'POST', path: '/keys/migrate', body: login },
      { did: 'must', method: 'POST', path: '/keys/delete', body: login },
      { did: 'must', method: 'POST', path: '/keys/restore', body: {} },
    ]
  }
  const refused = [401, { message: 'UNAUTHORIZED' }]

  test('refuses at every route the presentation that never changes, and one that was used', async () => {
    const used = ann.vp(await ann.challenge())
    expect((await ann.ask({ path: '/keys/migrate', vp: used, body: await ann.login() })).status).toBe(200)
    for (const route of await asked()) {
      for (const vp of [ann.vp(), used, ann.vp('0'), ann.vp('A'.repeat(43))]) {
        const { status, body } = await ann.ask({ ...route, vp })
        expect([status, body], `${route.method} ${route.path}`).toMatchObject(refused)
      }
    }
    for (const path of ['/keys/recovery-email/verify', '/keys/start-over']) {
      const { status } = await ann.ask({ path, vp: ann.vp(), body: { ...(await ann.login()), code: '123456' } })
      expect(status).toBe(401)
    }
    expect(await world.app.sql(`select from secret_shares.accounts where primary_did = '${ann.did}'`)).toEqual([])
  })

  test('gives out challenges to whoever has none, and takes each once, from its DID', async () => {
    const { status, body } = await ann.ask({ method: 'GET', path: '/challenges?amount=3', vp: ann.vp() })
    expect([status, new Set(body as string[]).size]).toEqual([200, 3])
    const [first = ''] = body as string[]
    const thief = personOf(world, { seed: newSeed(), baseUrl: strict.baseUrl })
    const migrate = async (vp: string) => (await ann.ask({ path: '/keys/migrate', vp, body: await ann.login() })).status
    expect([await migrate(thief.vp(first)), await migrate(ann.vp(first)), await migrate(ann.vp(first))]).toEqual([
      401, 200, 401,
    ])
  })

  test('takes a fresh answer at every route, and logins alone where no DID is demanded', async () => {
    const alone = (await asked()).filter(({ did }) => did === 'may')
    for (const { did: _, ...route } of [...(await asked()), ...alone]) {
      const { status } = await ann.ask({ ...route, vp: ann.vp(await ann.challenge()) })
      expect([route.path, status]).toEqual([route.path, 200])
    }
    for (const { did: _, ...route } of alone) expect((await ann.ask(route)).status).toBe(200)
  })
})

test('numbers and waits are the operator’s: ROTATIONS_PER_DAY, HOLD_DAYS, START_OVER_DAYS', async () => {
  const numbers = { ROTATIONS_PER_DAY: '2', HOLD_DAYS: '2', START_OVER_DAYS: '3' }
  await using own = await startSssLca({ settings: numbers })
  const email = newEmail()
  const ann = personOf(own, { email })
  const shares = Array.from({ length: 3 }, newShare)
  for (const share of shares) expect((await ann.put(share)).status).toBe(200)
  expect((await ann.put(newShare())).status).toBe(429)

  await passTime(own.app, '47 hours')
  expect((await ann.restore({ shareVersion: 1 })).status).toBe(200)
  expect((await ann.get()).body).toMatchObject({ shareVersion: 1, authShare: { encryptedData: shares[0] } })
  await passTime(own.app, '2 hours')
  // What was rotated is gone; what the restore replaced is held for two days of its own.
  expect((await ann.restore({ shareVersion: 2 })).status).toBe(404)
  expect((await ann.restore({ shareVersion: 3 })).status).toBe(200)

  const fresh = personOf(own, { email, seed: newSeed() })
  const { body } = await fresh.startOver()
  expect(body).toMatchObject({ success: true })
  await passTime(own.app, '71 hours')
  expect((await fresh.put(newShare())).status).toBe(403)
  await passTime(own.app, '2 hours')
  expect((await fresh.put(newShare())).body).toMatchObject({ shareVersion: 1 })
})

test('/health, /metrics and /docs stand beside the API, and no contact is in them', async () => {
  const email = newEmail()
  const ann = personOf(world, { email })
  await ann.put(newShare())
  await ann.readEmail()
  expect(JSON.parse((await get('/health/ready')).text)).toMatchObject({ status: 'ok', token: 'ok', database: 'ok' })
  expect((await get('/api/health-check')).text).toBe('"OK"')
  const { text } = await get('/metrics')
  expect(text).toMatch(/strongroom_http_answers_total\{method="PUT",route="\/api\/keys\/auth-share",status="200"/)
  for (const secret of [email, encodeURIComponent(email), ann.did]) expect(text).not.toContain(secret)
  const documented = Object.keys((JSON.parse((await get('/openapi.json')).text) as { paths: object }).paths)
  expect(documented).toContain('/api/qr-login/session/{lookup}')
})

test('while the token is away: 503 with Retry-After at what needs it, and nothing is stored; then all is as before', async () => {
  const email = newEmail()
  const ann = personOf(world, { email })
  const share = newShare()
  await ann.put(share)
  const stored = () =>
    world.app
      .sql(`select (select count(*) from secret_shares.shares) as shares, (select count(*) from secret_shares.held) as held,
      (select count(*) from secret_shares.recovery_methods) as methods, (select count(*) from codes.codes) as codes`)
  const before = await stored()
  const login = await ann.login()
  const vp = ann.vp(await ann.challenge())
  await world.app.takeToken()
  try {
    await expect.poll(async () => (await get('/health/ready')).status).toBe(503)
    const lookup = queryOf({ contactMethodType: 'email', contactMethodValue: email, type: 'passkey' })
    const answers = await Promise.all([
      ann.get(),
      ann.put(newShare()),
      ann.addMethod({ type: 'passkey', encryptedShare: 'sealed' }),
      ann.readMethod({ type: 'passkey' }),
      ann.ask({ method: 'GET', path: `/keys/recovery?${lookup}` }),
      ann.addEmail(newEmail()),
      ann.verifyEmail('123456'),
      ann.readEmail(),
      ann.backUp({ emailShare: `0001${newShare()}`, email }),
      ann.upgrade({ previousPhone: newPhone(), email: newEmail(), code: '123456' }),
      ann.migrate(),
      ann.remove(),
      ann.ask({ path: '/keys/start-over', vp, body: login }),
      ann.ask({ path: '/keys/restore', vp, body: {} }),
      ann.ask({ method: 'DELETE', path: '/keys/start-over', vp }),
      ann.ask({ method: 'GET', path: '/challenges', vp: ann.vp() }),
      ann.ask({ path: '/send-login-verification-code', body: { email } }),
      ann.ask({ path: '/verify-login-code', body: { email, code: '123456' } }),
    ])
    for (const [index, { status, headers, body }] of answers.entries()) {
      expect([index, status, body]).toMatchObject([index, 503, { code: 'SERVICE_UNAVAILABLE' }])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(await stored()).toEqual(before)
    // What needs no key goes on: sessions are relayed.
    expect((await ann.ask({ path: '/qr-login/session', body: { publicKey: 'key' } })).status).toBe(200)
  } finally {
    await world.app.bringTokenBack()
  }
  await expect.poll(async () => (await get('/health/ready')).status).toBe(200)
  await expect.poll(async () => (await ann.get()).status).toBe(200)
  expect((await ann.get()).body).toMatchObject({ shareVersion: 1, authShare: { encryptedData: share } })
  expect((await ann.put(newShare())).body).toMatchObject({ shareVersion: 2 })
})

test('every operation is in the audit log, with ids and numbers: no contact, share, code or token', async () => {
  const secrets: string[] = []
  const keep = (secret: string): string => {
    secrets.push(secret)
    return secret
  }
  const [phone, email, recovery, elsewhere] = [newPhone(), newEmail(), newEmail(), newEmail()]
  for (const one of [phone, email, recovery, elsewhere]) keep(one)
  const last = await world.app.sql('select coalesce(max(id), 0)::int as id from audit.events')

  const ann = personOf(world, { phone })
  await ann.put(keep(newShare()))
  await ann.put(keep(newShare()))
  await ann.get()
  await ann.migrate()
  await ann.addMethod({
    type: 'passkey',
    credentialId: keep('credential-of-ann'),
    encryptedShare: keep('sealed-for-ann'),
  })
  await ann.readMethod({ type: 'passkey' })
  const byContact = { contactMethodType: 'phone', contactMethodValue: phone, type: 'passkey' }
  for (const credentialId of ['credential-of-ann', keep('another-credential')]) {
    await ann.ask({ method: 'GET', path: `/keys/recovery?${queryOf({ ...byContact, credentialId })}` })
  }
  await ann.addEmail(recovery)
  await ann.verifyEmail(keep(await codeTo(world.app, recovery)))
  for (const more of [{ useRecoveryEmail: true }, { email: elsewhere }]) {
    await ann.backUp({ emailShare: keep(`0002${newShare()}`), ...more })
  }
  await personOf(world, { phone, seed: newSeed() }).put(keep(newShare()))
  const { ask } = clientOf(base())
  const codeFor = async (address: string) => {
    await ask({ path: '/send-login-verification-code', body: { email: address } })
    return keep(await codeTo(world.app, address))
  }
  await ask({ path: '/verify-login-code', body: { email: elsewhere, code: await codeFor(elsewhere) } })
  expect((await ann.upgrade({ previousPhone: phone, email, code: await codeFor(email) })).status).toBe(200)
  // Somebody else has that address at the provider: the move is taken back.
  const boPhone = keep(newPhone())
  const bo = personOf(world, { phone: boPhone })
  await bo.put(keep(newShare()))
  const taken = keep(newEmail())
  await world.issuer.issueToken({ email: taken })
  expect((await bo.upgrade({ previousPhone: boPhone, email: taken, code: await codeFor(taken) })).status).toBe(409)

  const moved = personOf(world, { email, seed: ann.seed })
  await personOf(world, { email, seed: newSeed() }).startOver()
  expect((await moved.cancelStartOver()).status).toBe(200)
  await moved.ask({
    path: '/keys/auth-share',
    vp: moved.vp(await moved.challenge()),
    body: {
      authToken: keep(await world.issuer.issueToken({ email, subject: keep('another-subject-of-ann') })),
      providerType: 'firebase',
    },
  })
  await moved.remove()
  expect((await moved.restore()).status).toBe(200)
  const session = (await moved.ask({ path: '/qr-login/session', body: { publicKey: 'key' } })).body as {
    sessionId: string
  }
  const handed = { ...(await moved.login()), encryptedPayload: keep('sealed-for-the-new-device') }
  expect((await moved.ask({ path: `/qr-login/session/${session.sessionId}/approve`, body: handed })).status).toBe(200)

  const events = await world.app.sql(
    `select event, subject, detail from audit.events where id > ${String(last[0]?.['id'])} order by id`,
  )
  const names = new Set(events.map(({ event }) => event))
  expect(names).toEqual(
    new Set([
      'guess.charged',
      'guess.succeeded',
      'qr-session.approved',
      'share.attempt-refused',
      'share.backup-mailed',
      'share.contact-upgraded',
      'share.deleted',
      'share.held',
      'share.login-bound',
      'share.login-code-asked',
      'share.login-code-used',
      'share.migrated',
      'share.recovery-added',
      'share.recovery-email-asked',
      'share.recovery-email-verified',
      'share.recovery-missed',
      'share.recovery-released',
      'share.released',
      'share.restored',
      'share.stored',
      'share.upgrade-taken-back',
      'time-lock.armed',
      'time-lock.cancelled',
    ]),
  )
  // Ids are random, and six digits may stand in one by chance.
  const written = JSON.stringify(events).replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}/g, 'id')
  for (const secret of secrets) expect(written).not.toContain(secret)
})
