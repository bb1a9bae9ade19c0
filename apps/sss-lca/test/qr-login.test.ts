import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { type RedisServer, startRedis } from '@strongroom/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answered, type Person, personOf, startSssLca, type World } from './client.ts'
import { keepPort } from './kept-port.ts'
import { passTime } from './pass-time.ts'
import { newEmail, newShare } from './people.ts'
import { newAddress, publicKey, relayAt } from './relay.ts'

const encryptedPayload = JSON.stringify({
  ciphertext: 'DToGEYewydw0',
  iv: 'AwMDAwMDAwMDAwMD',
  senderPublicKey: publicKey,
})
const nowhere = '00000000-0000-4000-8000-000000000000'

let world: World
let redis: RedisServer
/** The same app four times: sessions here or there, an approver who proves a login or nobody. */
const bases = new Map<string, string>()
beforeAll(async () => {
  ;[world, redis] = await Promise.all([
    startSssLca({ processes: 0, settings: { TRUSTED_PROXY_HOPS: '1' } }),
    startRedis(),
  ])
  const push = await world.app.outbox.push.environment()
  const there = { REDIS_URL: redis.url }
  const open = { APPROVE_AUTH: 'open' }
  for (const [name, settings] of Object.entries({
    'PostgreSQL, token': push,
    'PostgreSQL, open': { ...push, ...open },
    'Redis, token': { ...push, ...there },
    'Redis, open': { ...push, ...there, ...open },
  })) {
    bases.set(name, (await world.app.spawn(settings)).baseUrl)
  }
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await redis.close()
})

const relayOf = (name: string) => relayAt(bases.get(name) ?? '')

/** Somebody with a record, which is what a session is approved for. */
async function owner(name: string): Promise<Person & { email: string }> {
  const email = newEmail()
  const person = personOf(world, { email, baseUrl: bases.get(name) ?? '' })
  expect((await person.put(newShare())).status).toBe(200)
  return { ...person, email }
}

const told = ({ status, body }: Answered) => [status, (body as { message?: string }).message]
const missing = [404, 'Session not found or expired']
const bodies = (answers: readonly Answered[]) => answers.map(({ body }) => body)

describe.each(['PostgreSQL, token', 'PostgreSQL, open', 'Redis, token', 'Redis, open'])('on %s', (name) => {
  test('a share goes from the old device to the new one', async () => {
    const relay = relayOf(name)
    const ann = await owner(name)
    const opened = await relay.open()
    expect(opened.body).toEqual({
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      shortCode: expect.stringMatching(/^\d{8}$/) as unknown,
      expiresInSeconds: 120,
    })
    const { sessionId, shortCode } = opened.body as { sessionId: string; shortCode: string }
    const pending = { sessionId, publicKey, status: 'pending' }
    expect(bodies([await relay.look(sessionId), await relay.look(shortCode)])).toEqual([pending, pending])
    expect((await relay.approve(sessionId, { ...(await ann.login()), encryptedPayload })).body).toEqual({
      success: true,
    })
    const approved = { sessionId, publicKey, status: 'approved', encryptedPayload, approverDid: ann.did }
    expect(bodies([await relay.look(sessionId), await relay.look(sessionId)])).toEqual([approved, approved])
    expect(told(await relay.look(shortCode))).toEqual(missing)
    expect(told(await relay.approve(sessionId, { ...(await ann.login()), encryptedPayload }))).toEqual([
      409,
      'Session already approved',
    ])
  })

  test('errors say what the original says, with statuses of their own', async () => {
    const relay = relayOf(name)
    const ann = await owner(name)
    const body = { ...(await ann.login()), encryptedPayload }
    for (const lookup of [nowhere, '12345678', 'abc', '123456']) expect(told(await relay.look(lookup))).toEqual(missing)
    expect((await relay.approve(nowhere, body)).text).toBe(
      '{"message":"Session not found or expired","code":"NOT_FOUND","data":{"code":"NOT_FOUND","httpStatus":404,"path":"qrLogin.approveSession"}}',
    )
    const { sessionId, shortCode } = await relay.begin()
    const stranger = await personOf(world, { email: newEmail() }).login()
    expect(told(await relay.approve(sessionId, { ...stranger, encryptedPayload }))).toEqual([
      404,
      'User key not found. Set up SSS first.',
    ])
    const forged = await relay.approve(sessionId, { ...body, authToken: 'a.b.c' })
    expect(told(forged)).toEqual([401, 'Invalid Firebase token'])
    expect((await relay.approve(sessionId, { ...body, approverDid: 'did:key:zOther' })).status).toBe(403)
    expect(told(await relay.notify({ ...(await ann.login()), sessionId: nowhere, shortCode }))).toEqual(missing)
    expect(bodies([await relay.look(sessionId)])).toMatchObject([{ status: 'pending' }])
  })

  test('ten sessions and twenty guesses are all that one address has, five attempts all that a session has', async () => {
    const relay = relayOf(name)
    const ann = await owner(name)
    const ip = newAddress()
    const opened = await Promise.all(Array.from({ length: 12 }, () => relay.open({}, ip)))
    expect(opened.filter(({ status }) => status === 429)).toHaveLength(2)
    expect(told(await relay.open({}, ip))).toEqual([429, 'Too many session requests. Please try again later.'])
    const guesses = await Promise.all(Array.from({ length: 20 }, (_, i) => relay.look(String(90_000_000 + i), {}, ip)))
    expect(guesses.map(({ status }) => status)).toEqual(guesses.map(() => 404))
    const { sessionId, shortCode } = await relay.begin()
    expect(told(await relay.look(shortCode, {}, ip))).toEqual([
      429,
      'Too many lookup attempts. Please try again later.',
    ])
    expect((await relay.look(sessionId, {}, ip)).status).toBe(200)
    const body = { ...(await ann.login()), encryptedPayload }
    const attempts = await Promise.all(Array.from({ length: 5 }, () => relay.approve(sessionId, body)))
    expect(attempts.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409])
    expect(told(await relay.approve(sessionId, body))).toEqual([429, 'Too many approve attempts for this session.'])
  })

  test('a payload that is kept for a poll token is given for it alone, once', async () => {
    const relay = relayOf(name)
    const ann = await owner(name)
    const token = randomBytes(32).toString('base64url')
    const pollTokenDigest = createHash('sha256').update(token).digest('base64url')
    const { sessionId } = await relay.begin({ pollTokenDigest })
    await relay.approve(sessionId, { ...(await ann.login()), encryptedPayload })
    for (const headers of [{}, { 'x-poll-token': 'another' }, { 'x-poll-token': pollTokenDigest }] as Record<
      string,
      string
    >[]) {
      expect((await relay.look(sessionId, headers)).body).toEqual({ sessionId, publicKey, status: 'approved' })
    }
    const polls = await Promise.all(Array.from({ length: 8 }, () => relay.look(sessionId, { 'x-poll-token': token })))
    const payloads = polls.flatMap(({ body }) => (body as { encryptedPayload?: string }).encryptedPayload ?? [])
    expect(payloads).toEqual([encryptedPayload])
  })
})

describe('who approves', () => {
  test.each(['PostgreSQL', 'Redis'])(
    'without a login nobody on %s, unless the operator opened the relay',
    async (store) => {
      const [closed, open] = [relayOf(`${store}, token`), relayOf(`${store}, open`)]
      const approverDid = 'did:key:zAnybody'
      const { sessionId } = await closed.begin()
      expect((await closed.approve(sessionId, { encryptedPayload, approverDid })).status).toBe(400)
      expect((await open.approve(sessionId, { encryptedPayload })).status).toBe(400)
      expect((await open.approve(sessionId, { encryptedPayload, approverDid })).status).toBe(200)
      // One process opened it, another hands it out: the store is theirs together.
      expect((await closed.look(sessionId)).body).toMatchObject({ encryptedPayload, approverDid })
      const events = await world.app.sql(
        `select subject, detail from audit.events where event = 'qr-session.approved' and detail ->> 'session' = '${sessionId}'`,
      )
      expect(events).toEqual([{ subject: 'anonymous', detail: { session: sessionId, proved: 'nothing' } }])
    },
  )

  test('a login that the record is not bound to approves for nobody', async () => {
    const relay = relayOf('PostgreSQL, token')
    const ann = await owner('PostgreSQL, token')
    const { sessionId } = await relay.begin()
    const authToken = await world.issuer.issueToken({ email: ann.email, subject: `other-${randomUUID()}` })
    expect(told(await relay.approve(sessionId, { authToken, providerType: 'firebase', encryptedPayload }))).toEqual([
      404,
      'User key not found. Set up SSS first.',
    ])
  })

  test('the open relay is warned of by whoever opened it', async () => {
    const lines = async () => (await world.app.log()).split('\n').filter((line) => line.includes('APPROVE_AUTH=open'))
    await expect.poll(async () => (await lines()).length).toBe(2)
    expect((await lines()).map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([40, 40])
  })
})

const browser = (name?: string) => ({ kind: 'web', subscription: world.app.outbox.push.subscribe(name) }) as const
const phone = (name = 'phone') => ({ kind: 'fcm', token: `${name}-${randomUUID()}` }) as const
const rows = async () => Number((await world.app.sql('select count(*)::int as n from qr_login.devices'))[0]?.['n'])

describe('the devices of an account', () => {
  test.each(['PostgreSQL, token', 'Redis, token'])('are told of a session (%s)', async (name) => {
    const relay = relayOf(name)
    const ann = await owner(name)
    const devices = [browser(), phone()] as const
    for (const device of devices) {
      expect((await relay.register({ ...(await ann.login()), ...device })).body).toEqual({ success: true })
    }
    const [session, other] = [await relay.begin(), await relay.begin()]
    const mixed = { sessionId: other.sessionId, shortCode: session.shortCode }
    expect(told(await relay.notify({ ...(await ann.login()), ...mixed }))).toEqual(missing)
    expect((await relay.notify({ ...(await ann.login()), ...session })).body).toEqual({ sent: true, deviceCount: 2 })
    for (const address of [devices[0].subscription.endpoint, devices[1].token]) {
      expect(await world.app.messagesTo(address)).toMatchObject([
        {
          channel: 'push',
          subject: 'New Device Login Request',
          text: 'Another device is requesting access to your account. Tap to approve.',
          data: {
            type: 'DEVICE_LINK_REQUEST',
            metadata: JSON.stringify(session),
            fromDid: ann.did,
            toDid: ann.did,
          },
        },
      ])
    }
    await relay.remove({ ...(await ann.login()), ...devices[0] })
    expect((await relay.notify({ ...(await ann.login()), ...session })).body).toEqual({ sent: true, deviceCount: 1 })
    expect((await relay.notify({ ...(await ann.login()), ...session })).status).toBe(200)
    // Three times for one session.
    expect((await relay.notify({ ...(await ann.login()), ...session })).body).toEqual({ sent: false, deviceCount: 0 })
  })

  test('that are gone are forgotten; those that are only away are kept', async () => {
    const relay = relayOf('PostgreSQL, token')
    const ann = await owner('PostgreSQL, token')
    const before = await rows()
    for (const device of [browser('gone-browser'), phone('gone-phone'), browser('down-browser'), browser()]) {
      expect((await relay.register({ ...(await ann.login()), ...device })).status).toBe(200)
    }
    expect(await rows()).toBe(before + 4)
    const session = await relay.begin()
    expect((await relay.notify({ ...(await ann.login()), ...session })).body).toEqual({ sent: true, deviceCount: 1 })
    expect(await rows()).toBe(before + 2)
  })

  test('are nobody else’s: without a record none is registered, and nothing is sent', async () => {
    const relay = relayOf('PostgreSQL, token')
    const stranger = personOf(world, { email: newEmail() })
    expect((await relay.register({ ...(await stranger.login()), ...phone() })).status).toBe(404)
    const session = await relay.begin()
    expect((await relay.notify({ ...(await stranger.login()), ...session })).body).toEqual({
      sent: false,
      deviceCount: 0,
    })
  })

  test('are forgotten with the account: a restored one registers them anew', async () => {
    const relay = relayOf('PostgreSQL, token')
    const ann = await owner('PostgreSQL, token')
    await relay.register({ ...(await ann.login()), ...browser() })
    await ann.remove()
    const session = await relay.begin()
    expect((await relay.notify({ ...(await ann.login()), ...session })).body).toEqual({ sent: false, deviceCount: 0 })
    expect((await ann.restore()).status).toBe(200)
    expect((await relay.notify({ ...(await ann.login()), ...session })).body).toEqual({ sent: false, deviceCount: 0 })
    await relay.register({ ...(await ann.login()), ...browser() })
    expect((await relay.notify({ ...(await ann.login()), ...session })).body).toEqual({ sent: true, deviceCount: 1 })
  })
})

test('on PostgreSQL a session ends after two minutes, its payload one minute after the approval, and both are swept', async () => {
  const relay = relayOf('PostgreSQL, token')
  const ann = await owner('PostgreSQL, token')
  const [waiting, used] = [await relay.begin(), await relay.begin()]
  await passTime(world.app, '80 seconds')
  await relay.approve(used.sessionId, { ...(await ann.login()), encryptedPayload })
  await passTime(world.app, '41 seconds')
  for (const lookup of [waiting.sessionId, waiting.shortCode]) expect(told(await relay.look(lookup))).toEqual(missing)
  expect(told(await relay.approve(waiting.sessionId, { ...(await ann.login()), encryptedPayload }))).toEqual(missing)
  expect((await relay.look(used.sessionId)).body).toMatchObject({ encryptedPayload })
  await passTime(world.app, '31 seconds')
  expect(told(await relay.look(used.sessionId))).toEqual(missing)
  const left = `select from qr_login.sessions where id in ('${waiting.sessionId}', '${used.sessionId}')`
  await expect.poll(async () => (await world.app.sql(left)).length).toBe(0)
})

test('while Redis is away its sessions are answered 503, shares go on, and all is well when it is back', async () => {
  const own = await startRedis()
  const { baseUrl } = await world.app.spawn({ REDIS_URL: own.url })
  const relay = relayAt(baseUrl)
  expect((await relay.open()).status).toBe(200)
  await own.close()
  const kept = await keepPort(own.port)
  const refused = await relay.open()
  expect([refused.status, refused.body]).toMatchObject([503, { code: 'SERVICE_UNAVAILABLE' }])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await personOf(world, { email: newEmail(), baseUrl }).put(newShare())).status).toBe(200)
  const { password } = new URL(own.url)
  await kept.free()
  const back = await startRedis({ port: own.port, password })
  expect(back.port).toBe(own.port)
  await expect.poll(async () => (await relay.open()).status).toBe(200)
  await back.close()
  expect(await world.app.log()).not.toContain(password)
})
