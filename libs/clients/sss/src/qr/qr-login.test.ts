import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Secret } from '@strongroom/crypto'
import { type PublishedServer, publishedServer } from '../../test/published-server.ts'
import { openApi, type SssApi } from '../api/api.ts'
import { shareFromHex, shareToHex } from '../shares.ts'
import { findNewDevice, scanNewDevice } from './approver.ts'
import { compareCode } from './compare.ts'
import { startQrLogin } from './new-device.ts'
import { makeKeyPair } from './payload.ts'

let server: PublishedServer
let api: SssApi
beforeAll(async () => {
  server = await publishedServer()
  api = openApi({ baseUrl: server.url })
})
beforeEach(() => {
  server.sessions.shownKey = (key) => key
})
afterAll(() => server.close())

const hex = '2b'.repeat(33)
const login = { authToken: new Secret('token-ann'), providerType: 'firebase' } as const
const handover = { share: shareFromHex(hex), shareVersion: 3, accountHint: 'ann', did: 'did:key:z6Mk', login }
const soon = { interval: 0.02 }

test('a scanned device gets the share, once, and asks with a token that nobody else has', async () => {
  const device = await startQrLogin(api)
  const received = device.wait(soon)
  await (await scanNewDevice(api, device.qrContent)).approve(handover)
  const { share, ...rest } = await received
  expect(shareToHex(share)).toBe(hex)
  expect(rest).toEqual({ shareVersion: 3, accountHint: 'ann', approverDid: 'did:key:z6Mk' })
  await expect(device.wait(soon)).rejects.toMatchObject({ fault: 'payload-taken' })
  const sent = server.seen.map(({ url, body }) => url + JSON.stringify(body)).join()
  const tokens = server.seen.flatMap(({ headers }) => headers['x-poll-token'] ?? [])
  expect(tokens.length).toBeGreaterThan(0)
  expect(tokens.some((token) => sent.includes(token))).toBe(false)
})

test('the QR code is the published JSON', async () => {
  const { qrContent, sessionId, shortCode, expiresInSeconds } = await startQrLogin(api)
  const publicKey = server.sessions.byId.get(sessionId)?.publicKey
  expect(qrContent).toBe(JSON.stringify({ sessionId, publicKey, serverUrl: server.url }))
  expect([shortCode.length, expiresInSeconds]).toEqual([8, 120])
})

test('a server that shows another key than the QR code is refused before anything is sent', async () => {
  const device = await startQrLogin(api)
  server.sessions.shownKey = () => makeKeyPair().publicKey
  await expect(scanNewDevice(api, device.qrContent)).rejects.toMatchObject({ fault: 'other-key' })
  expect(server.sessions.byId.get(device.sessionId)?.status).toBe('pending')
})

test.each([
  ['no JSON', () => 'https://example.com', 'not-a-login-code'],
  ['null', () => 'null', 'not-a-login-code'],
  ['without a key', () => JSON.stringify({ sessionId: 'a', serverUrl: 'b' }), 'not-a-login-code'],
  ['of another server', (content: string) => content.replace('127.0.0.1', 'evil.example'), 'other-server'],
])('a QR code that is %s is refused', async (_, change, fault) => {
  const { qrContent } = await startQrLogin(api)
  await expect(scanNewDevice(api, change(qrContent))).rejects.toMatchObject({ fault })
})

test('a device that was typed gets nothing before both devices show that they mean the same key', async () => {
  const device = await startQrLogin(api)
  const found = await findNewDevice(api, `${device.shortCode.slice(0, 4)} ${device.shortCode.slice(4)}`)
  expect(found).not.toHaveProperty('approve')
  expect(found.challenge).toMatch(/^\d{6}$/)
  const answer = device.answer(found.challenge)
  expect(answer).toMatch(/^\d{6}$/)
  await found.confirm(answer).approve(handover)
  expect(shareToHex((await device.wait(soon)).share)).toBe(hex)
})

test('a server between the devices is noticed, whatever key it chose before the challenge', async () => {
  const device = await startQrLogin(api)
  server.sessions.shownKey = () => makeKeyPair().publicKey
  const found = await findNewDevice(api, device.shortCode)
  const answer = device.answer(found.challenge)
  // Once in a million the digits agree.
  expect(() => found.confirm(answer)).toThrow(expect.objectContaining({ fault: 'wrong-answer' }) as Error)
})

test('one answer is one try: after a wrong one the right one does not help either', async () => {
  const device = await startQrLogin(api)
  const found = await findNewDevice(api, device.shortCode)
  const answer = device.answer(found.challenge)
  const wrong = answer === '000000' ? '000001' : '000000'
  expect(() => found.confirm(wrong)).toThrow('the other device shows other digits')
  expect(() => found.confirm(answer)).toThrow('the other device shows other digits')
})

test('the digits depend on the challenge: a key that was chosen for one has to be lucky again', () => {
  const { publicKey } = makeKeyPair()
  const codes = Array.from({ length: 200 }, (_, at) => {
    const challenge = String(at).padStart(6, '0')
    return compareCode({ publicKey, sessionId: 'session', challenge })
  })
  expect(new Set(codes).size).toBeGreaterThan(190)
})

const codesOf = (key: string) =>
  Array.from({ length: 50 }, (_, at) => compareCode({ publicKey: key, sessionId: String(at), challenge: '000000' }))

test('the digits depend on the session and on the key', () => {
  const [publicKey, other] = [makeKeyPair().publicKey, makeKeyPair().publicKey]
  expect(new Set([...codesOf(publicKey), ...codesOf(other)]).size).toBeGreaterThan(95)
})

test.each(['', '1234567', '123456789', '1234567a', '../notify'])(
  '%o is no short code, and nobody is asked',
  async (code) => {
    const before = server.seen.length
    await expect(findNewDevice(api, code)).rejects.toMatchObject({ fault: 'not-a-login-code' })
    expect(server.seen.length).toBe(before)
  },
)

test('of two approvals one goes through, and the other is told', async () => {
  const device = await startQrLogin(api)
  const scanned = await Promise.all([1, 2].map(() => scanNewDevice(api, device.qrContent)))
  const ends = await Promise.allSettled(scanned.map((one) => one.approve(handover)))
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { status: 409 } })
  await expect(scanNewDevice(api, device.qrContent)).rejects.toMatchObject({ fault: 'already-approved' })
})

test('waiting outlives an outage, ends with the session, and ends when the caller says so', async () => {
  const device = await startQrLogin(api)
  server.refuse(`GET /qr-login/session/${device.sessionId}`, 503)
  const received = device.wait(soon)
  await expect.poll(() => server.calls().filter((call) => call.endsWith(device.sessionId)).length).toBeGreaterThan(2)
  await (await scanNewDevice(api, device.qrContent)).approve(handover)
  expect((await received).shareVersion).toBe(3)

  const gone = await startQrLogin(api)
  server.sessions.byId.delete(gone.sessionId)
  await expect(gone.wait(soon)).rejects.toMatchObject({ fault: 'expired' })

  const stopped = await startQrLogin(api)
  const controller = new AbortController()
  const waiting = stopped.wait({ interval: 60, signal: controller.signal })
  controller.abort(new Error('the page was closed'))
  await expect(waiting).rejects.toThrow('the page was closed')
})

test('a session that nobody approves ends when its time is up', async () => {
  const short: SssApi = {
    ...api,
    qrLogin: {
      ...api.qrLogin,
      createSession: async (session) => ({ ...(await api.qrLogin.createSession(session)), expiresInSeconds: 0.1 }),
    },
  }
  await expect((await startQrLogin(short)).wait(soon)).rejects.toMatchObject({ fault: 'expired' })
})
