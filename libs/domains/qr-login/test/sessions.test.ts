import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type StoreFixture, stores } from './fixtures.ts'
import { count, type Relay, publicKey, statusOf, toldBy } from './relay.ts'
import { type RelayWorld, relayWorld } from './served-relay.ts'

const encryptedPayload = JSON.stringify({
  ciphertext: 'DToGEYewydw0OnDcEMkp',
  iv: 'AwMDAwMDAwMDAwMD',
  senderPublicKey: publicKey,
})

const absent = '00000000-0000-4000-8000-000000000000'

let world: RelayWorld
let login: Awaited<ReturnType<RelayWorld['logIn']>>
let did: string
beforeAll(async () => {
  world = await relayWorld()
  login = await world.logIn('ann')
  did = world.addAccount('ann').did
})
afterAll(() => world.end())

describe.each(stores)('sessions on %s', (name, open) => {
  let fixture: StoreFixture
  let relay: Relay
  beforeAll(async () => {
    fixture = await open()
    relay = await world.serve(fixture.store)
  })
  afterAll(async () => {
    relay.close()
    await fixture.end()
  })

  const approve = (sessionId: string, body: object = { ...login, encryptedPayload }) => relay.approve(sessionId, body)

  test('a share goes from a device that is logged in to the one that showed its code', async () => {
    const opened = await relay.open({ publicKey, extra: 'ignored' })
    expect(opened).toEqual({
      status: 200,
      body: {
        sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        shortCode: expect.stringMatching(/^\d{8}$/),
        expiresInSeconds: 120,
      },
    })
    const [sessionId, shortCode] = [String(opened.body['sessionId']), String(opened.body['shortCode'])]
    const pending = { status: 200, body: { sessionId, publicKey, status: 'pending' } }
    expect(await relay.look(shortCode)).toEqual(pending)
    expect(await relay.look(sessionId)).toEqual(pending)
    expect(await relay.look(sessionId.toUpperCase())).toEqual(pending)
    expect(await approve(sessionId)).toEqual({ status: 200, body: { success: true } })
    const approved = { sessionId, publicKey, status: 'approved', encryptedPayload, approverDid: did }
    // Re-readable: a client whose answer was lost polls again.
    expect(await relay.look(sessionId)).toEqual({ status: 200, body: approved })
    expect(await relay.look(sessionId)).toEqual({ status: 200, body: approved })
    expect(await toldBy(relay.look(shortCode))).toEqual([404, 'Session not found or expired'])
  })

  test('a session ends after 120 seconds, and its payload 60 seconds after it was approved', async () => {
    const [waiting, used] = [await relay.begin(), await relay.begin()]
    await fixture.pass(100)
    await approve(used.sessionId)
    await fixture.pass(30)
    const missing = [404, 'Session not found or expired']
    expect(await toldBy(relay.look(waiting.sessionId))).toEqual(missing)
    expect(await toldBy(relay.look(waiting.shortCode))).toEqual(missing)
    expect(await toldBy(approve(waiting.sessionId))).toEqual(missing)
    expect((await relay.look(used.sessionId)).body).toMatchObject({ encryptedPayload })
    await fixture.pass(31)
    expect(await toldBy(relay.look(used.sessionId))).toEqual(missing)
  })

  test('two devices approve at once: one wins, and its payload is what arrives', async () => {
    for (let round = 0; round < 5; round++) {
      const { sessionId } = await relay.begin()
      const payloads = ['first', 'second']
      const answers = await Promise.all(
        payloads.map(async (payload) => approve(sessionId, { ...login, encryptedPayload: payload })),
      )
      const statuses = answers.map(({ status }) => status)
      expect([count(statuses, 200), count(statuses, 409)]).toEqual([1, 1])
      const winner = payloads[answers.findIndex(({ status }) => status === 200)]
      expect((await relay.look(sessionId)).body).toMatchObject({ encryptedPayload: winner })
      expect(await toldBy(approve(sessionId))).toEqual([409, 'Session already approved'])
      expect((await relay.look(sessionId)).body).toMatchObject({ encryptedPayload: winner })
    }
  })

  test('a payload kept for a poll token is given for it alone, once', async () => {
    const token = randomBytes(32).toString('base64url')
    const pollTokenDigest = createHash('sha256').update(token).digest('base64url')
    const { sessionId } = await relay.begin({ pollTokenDigest })
    expect((await relay.look(sessionId, { pollToken: token })).body).toEqual({
      sessionId,
      publicKey,
      status: 'pending',
    })
    await approve(sessionId)
    const bare = { status: 200, body: { sessionId, publicKey, status: 'approved' } }
    expect(await relay.look(sessionId)).toEqual(bare)
    expect(await relay.look(sessionId, { pollToken: 'wrong' })).toEqual(bare)
    expect(await relay.look(sessionId, { pollToken: pollTokenDigest })).toEqual(bare)
    const answers = await Promise.all(Array.from({ length: 10 }, () => relay.look(sessionId, { pollToken: token })))
    expect(answers.map(({ body }) => body['encryptedPayload']).filter(Boolean)).toEqual([encryptedPayload])
    expect((await relay.look(sessionId, { pollToken: token })).body).toEqual({ ...bare.body, approverDid: did })
  })

  test.each(['', 'short', 'A'.repeat(42), `${'A'.repeat(42)}B`, 'A'.repeat(44), '!'.repeat(43)])(
    'a poll token digest such as %j is refused',
    async (pollTokenDigest) => {
      expect(await statusOf(relay.open({ publicKey, pollTokenDigest }))).toBe(400)
    },
  )

  test.each(['123456', '123456789', 'abc', '%00', '%F0%9F%94%91', `${absent}x`, 'x'.repeat(3000), '١٢٣٤٥٦٧٨'])(
    'nothing is found at %s, and nothing breaks',
    async (lookup) => {
      expect(await toldBy(relay.look(lookup))).toEqual([404, 'Session not found or expired'])
      expect(await toldBy(approve(lookup))).toEqual([404, 'Session not found or expired'])
    },
  )

  test('whoever approves is logged in to an account, whose DID is the one that arrives', async () => {
    const { sessionId } = await relay.begin()
    expect(await statusOf(approve(sessionId, { encryptedPayload, approverDid: did }))).toBe(400)
    expect(await statusOf(approve(sessionId, { ...login, authToken: 'a.b.c', encryptedPayload }))).toBe(401)
    const stranger = await world.logIn('stranger')
    expect(await toldBy(approve(sessionId, { ...stranger, encryptedPayload }))).toEqual([
      404,
      'User key not found. Set up SSS first.',
    ])
    expect(await statusOf(approve(sessionId, { ...login, encryptedPayload, approverDid: 'did:key:zOther' }))).toBe(403)
    expect((await relay.look(sessionId)).body).toMatchObject({ status: 'pending' })
    // None of these were attempts at the session. The path names it, whatever the body says.
    const body = { ...login, encryptedPayload, approverDid: did, sessionId: randomUUID() }
    expect(await statusOf(approve(sessionId, body))).toBe(200)
    expect((await relay.look(sessionId)).body).toMatchObject({ approverDid: did })
  })

  test.each([undefined, '', 7, 'a\u0000b', '\ud800', 'x'.repeat(8193)])(
    'a payload such as %j is refused',
    async (payload) => {
      const { sessionId } = await relay.begin()
      expect(await statusOf(approve(sessionId, { ...login, encryptedPayload: payload }))).toBe(400)
      expect((await relay.look(sessionId)).body).toMatchObject({ status: 'pending' })
    },
  )

  test('an open relay takes the DID that the caller names, and judges a token that is sent', async () => {
    const free = await world.serve(fixture.store, { approveAuth: 'open' })
    const approverDid = 'did:key:zAnyone'
    const { sessionId } = await relay.begin()
    const attempt = (body: object) => statusOf(free.approve(sessionId, body))
    expect(await attempt({ encryptedPayload })).toBe(400)
    expect(await attempt({ encryptedPayload, approverDid: 'anyone' })).toBe(400)
    expect(await attempt({ ...login, authToken: 'a.b.c', encryptedPayload, approverDid })).toBe(401)
    expect(await attempt({ authToken: login.authToken, encryptedPayload, approverDid })).toBe(400)
    expect(await attempt({ ...login, encryptedPayload, approverDid })).toBe(403)
    expect(await attempt({ encryptedPayload, approverDid })).toBe(200)
    expect((await relay.look(sessionId)).body).toMatchObject({ approverDid, encryptedPayload })
    const other = await relay.begin()
    expect(await statusOf(free.approve(other.sessionId, { ...login, encryptedPayload }))).toBe(200)
    expect((await relay.look(other.sessionId)).body).toMatchObject({ approverDid: did })
    free.close()
  })

  test('a code that is taken is drawn again, with another id', async () => {
    let draws = 0
    // A source that gives the same code to the second session as to the first, and then another.
    const fills = [1, 7, 2, 7, 3, 8]
    const scripted = await world.serve(fixture.store, {
      random: (bytes) => new Uint8Array(bytes).fill(fills[draws++] ?? 9),
    })
    expect((await scripted.begin()).shortCode).toBe('77777777')
    expect((await scripted.begin()).shortCode).toBe('88888888')
    expect(draws).toBe(6)
    scripted.close()
  })

  test('a source of codes that is stuck ends the request, not the process', async () => {
    const stuck = await world.serve(fixture.store, { random: (bytes) => new Uint8Array(bytes).fill(5) })
    expect(await statusOf(stuck.open())).toBe(200)
    expect(await statusOf(stuck.open())).toBe(500)
    stuck.close()
  })

  test('an approval is in the audit log, without its code and its payload', async () => {
    const ours = await world.logIn(`audited-${name}`)
    const account = world.addAccount(`audited-${name}`)
    const { sessionId, shortCode } = await relay.begin()
    await approve(sessionId, { ...ours, encryptedPayload })
    await approve(sessionId, { ...ours, encryptedPayload })
    const events = await world.events(account.id)
    expect(events).toEqual([{ event: 'qr-session.approved', detail: { session: sessionId, proved: 'token' } }])
    expect(JSON.stringify(events)).not.toContain(shortCode)
  })
})
