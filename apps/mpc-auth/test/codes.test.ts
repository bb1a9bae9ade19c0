import { randomBytes } from 'node:crypto'
import { type Coded, codes } from '@strongroom/key-shares'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Answered,
  type Asked,
  clientOf,
  type Device,
  errorOf,
  newDevice,
  type User,
  userOf,
  wireScan,
  type World,
} from './client.ts'
import { firstItem, startCodes } from './codes-world.ts'
import { goneIssuer } from './own-issuer.ts'
import { passTime } from './pass-time.ts'
import { openUpload } from './upload.ts'

let codesWorld: Awaited<ReturnType<typeof startCodes>>
let world: World
let ann: User
let phone: Device
let keyId: string
beforeAll(async () => {
  codesWorld = await startCodes()
  ;({ world, ann, phone, keyId } = codesWorld)
})
afterAll(() => codesWorld.stop())

const newcomer = (baseUrl?: string) => codesWorld.newcomer(baseUrl)
const withFace = () => codesWorld.withFace()
const base = () => world.app.baseUrls[0] ?? ''
const ask = (asked: Asked, from = base()) => clientOf(from)(asked)
const tokenOf = (more: { audience?: string; lifetime?: number }) =>
  world.issuer.issueToken({ subject: ann.subject, provider: 'oidc', ...more })
const register = (user: User, body: object) => user.send('POST', '/auth/devices/register', body)
const share = () => randomBytes(20).toString('base64')

interface Row {
  readonly says: readonly [code: number, status: number, message: string]
  readonly reach: () => Promise<Answered>
  /** What the message says on top: the field that was wrong. */
  readonly field?: string
  /** Said of one item of a list, in an answer of 207. */
  readonly item?: true
  readonly waits?: true
}

const rows: Readonly<Record<Exclude<Coded, 'foreign-key'>, Row>> = {
  'access-token-missing': {
    says: [100101, 401, 'Missing or malformed access token'],
    reach: () => ask({ path: '/v2/keys' }),
  },
  'access-token-expired': {
    says: [100102, 401, 'Access token expired'],
    reach: async () => ask({ path: '/v2/keys', token: await tokenOf({ lifetime: -120 }) }),
  },
  'access-token-invalid': {
    says: [100103, 401, 'Access token invalid'],
    reach: async () => ask({ path: '/v2/keys', token: await tokenOf({ audience: 'elsewhere' }) }),
  },
  'scope-missing': {
    says: [100104, 403, 'Insufficient scope'],
    reach: async () => ask({ path: '/v2/keys', token: await ann.token() }, codesWorld.strictUrl),
  },
  'user-not-registered': { says: [100201, 404, 'User not registered'], reach: () => userOf(world).get('/v2/devices') },
  'user-disabled': {
    says: [100202, 403, 'User disabled'],
    async reach() {
      const user = await newcomer()
      await world.app.run('disable-user', user.userId)
      expect((await user.register()).text).toBe(errorOf(100202, 'User disabled'))
      return user.get('/v2/keys')
    },
  },
  'no-backup': {
    says: [100301, 404, 'No backup data found for this wallet'],
    reach: () => ann.recover([keyId, 'nobodys']),
  },
  'bad-keyshare': {
    says: [100302, 400, 'Invalid encrypted keyshare'],
    reach: () => ann.backUp([{ key_id: keyId, encrypted_keyshare: 'AB==' }]),
  },
  'backup-overtaken': {
    says: [100303, 409, 'Backup changed concurrently'],
    item: true,
    async reach() {
      const slow = await openUpload(base(), ann)
      await slow.send(`{"keyshares":[${JSON.stringify({ key_id: keyId, encrypted_keyshare: share() })}`)
      const written = async () =>
        (await world.app.sql(`select from key_shares.backups where key_id = '${keyId}'`)).length
      await expect.poll(written).toBe(1)
      await ann.backUp([{ key_id: keyId, encrypted_keyshare: share() }])
      slow.end(']}')
      return slow.answered
    },
  },
  'foreign-device': {
    says: [100401, 409, 'Device registered to another user'],
    reach: async () => (await newcomer()).addDevice(phone),
  },
  'device-not-registered': {
    says: [100402, 404, 'Device not registered'],
    reach: () => ann.send('DELETE', `/v2/devices/${newDevice().key}`),
  },
  'bad-device-key': {
    says: [100403, 400, 'Invalid device verifying key'],
    reach: () => ann.get(`/auth/devices/challenge/04${'ab'.repeat(64)}`),
  },
  'too-many-devices': {
    says: [100404, 409, 'Device limit reached'],
    async reach() {
      const small = await world.app.spawn({ DEVICES_PER_USER: '1' })
      const user = await newcomer(small.baseUrl)
      await user.addDevice(newDevice())
      return user.addDevice(newDevice())
    },
  },
  'wrong-signature': {
    says: [100501, 401, 'Invalid device signature'],
    async reach() {
      const device = newDevice()
      return register(ann, { device_id: device.key, signature: device.signTwice(await ann.challenge(device.key)) })
    },
  },
  'no-challenge': {
    says: [100502, 400, 'Challenge not found or already used'],
    async reach() {
      const device = newDevice()
      return register(ann, { device_id: device.key, signature: device.sign('00') })
    },
  },
  'challenge-expired': {
    says: [100503, 400, 'Challenge expired'],
    async reach() {
      const signed = await ann.signed(newDevice())
      await passTime(world.app, '301 seconds')
      return register(ann, signed)
    },
  },
  'bad-signature-form': {
    says: [100504, 400, 'Signature is not hex DER'],
    reach: () => register(ann, { device_id: phone.key, signature: '00' }),
  },
  'key-not-found': {
    says: [100601, 404, 'Key not found'],
    item: true,
    reach: () => ann.backUp([{ key_id: 'nobodys', encrypted_keyshare: share() }]),
  },
  'face-not-registered': {
    says: [100701, 403, 'Face not registered'],
    reach: async () => (await newcomer()).recover([keyId]),
  },
  'face-needed': {
    says: [100702, 403, 'Face verification required'],
    reach: async () => (await withFace()).addDevice(newDevice()),
  },
  'face-registered': {
    says: [100703, 409, 'Face already registered'],
    reach: async () => (await withFace()).addFace(),
  },
  'face-not-live': {
    says: [100704, 403, 'Face liveness check failed'],
    async reach() {
      const user = await newcomer()
      const { body } = await user.get('/auth/face/session-token')
      const { session_token: session } = body as { session_token: string }
      return user.send('POST', '/auth/face/register', wireScan({ person: 'a picture', session, live: false }))
    },
  },
  'face-replayed': {
    says: [100705, 403, 'Face scan replayed or session invalid'],
    reach: async () =>
      (await newcomer()).send('POST', '/auth/face/register', wireScan({ person: 'anybody', session: 'invented' })),
  },
  'face-differs': {
    says: [100706, 403, 'Face does not match'],
    reach: async () => (await withFace()).recover([keyId], 'a thief'),
  },
  'too-many-faces': {
    says: [100707, 429, 'Too many face attempts'],
    waits: true,
    async reach() {
      const user = await withFace()
      for (let time = 0; time < 5; time++) await user.recover([keyId], 'a thief')
      return user.recover([keyId], 'a thief')
    },
  },
  'bad-face-fields': {
    says: [100708, 400, 'Invalid or incomplete face fields'],
    reach: () => ann.send('POST', '/v2/keyshare/recover', { key_ids: [keyId] }),
  },
  'invalid-input': {
    says: [100801, 400, 'Request validation failed'],
    field: ': query limit',
    reach: () => ann.get('/transactions?limit=0'),
  },
  'unknown-route': { says: [100802, 404, 'Route not found'], reach: () => ann.get('/v2/nothing') },
  'wrong-method': { says: [100803, 405, 'Method not allowed'], reach: () => ann.send('PUT', '/v2/keys') },
  'body-too-large': {
    says: [100803, 413, 'Request body too large'],
    reach: () => ann.send('POST', '/auth/users/register', { more: 'x'.repeat(70_000) }),
  },
  'unsupported-media-type': {
    says: [100803, 415, 'Media type not supported'],
    reach: async () =>
      ask({
        method: 'POST',
        path: '/auth/users/register',
        token: await ann.token(),
        headers: { 'content-type': 'text/plain' },
        body: {},
      }),
  },
  'too-many-requests': {
    says: [100804, 429, 'Too many requests'],
    waits: true,
    async reach() {
      const few = await world.app.spawn({ REQUESTS_PER_USER: '2' })
      const user = userOf(world, ann.subject, few.baseUrl)
      for (let time = 0; time < 2; time++) expect((await user.get('/v2/keys')).status).toBe(200)
      return user.get('/v2/keys')
    },
  },
  crashed: {
    says: [100901, 500, 'Internal error'],
    async reach() {
      const user = await newcomer()
      const device = newDevice()
      await user.addDevice(device, { device_name: 'A phone' })
      await world.app.sql(`update key_shares.devices set name = '\\x00' where verifying_key = '\\x${device.key}'`)
      return user.get('/v2/devices')
    },
  },
  unavailable: {
    says: [100901, 503, 'Temporarily unavailable'],
    waits: true,
    async reach() {
      await world.app.takeToken()
      await expect.poll(async () => (await ask({ path: '/health/ready' })).status).toBe(503)
      const answer = await ann.get('/v2/keys')
      await world.app.bringTokenBack()
      await expect.poll(async () => (await ask({ path: '/health/ready' })).status).toBe(200)
      return answer
    },
  },
  'issuer-unavailable': {
    says: [100902, 503, 'Identity provider unavailable'],
    waits: true,
    async reach() {
      const { baseUrl } = await world.app.spawn({ OIDC_ISSUER: await goneIssuer() })
      return ask({ path: '/v2/keys', token: await ann.token() }, baseUrl)
    },
  },
  'face-service-unavailable': {
    says: [100903, 502, 'Face service unavailable'],
    async reach() {
      const scan = await ann.scan()
      world.faces.fail('server-error')
      const answer = await ann.send('POST', '/v2/keyshare/recover', { key_ids: [keyId], ...scan })
      world.faces.fail('forbidden')
      expect((await ann.get('/auth/face/session-token')).text).toBe(answer.text)
      world.faces.fail('none')
      return answer
    },
  },
  'face-service-timeout': { says: [100903, 504, 'Face service timed out'], reach: () => codesWorld.unanswered },
}

test('the table of codes is this one, and one of it is never said', () => {
  const told = Object.fromEntries(Object.entries(rows).map(([kind, { says }]) => [kind, says]))
  expect({ ...told, 'foreign-key': [100602, 403, 'Key belongs to another user'] }).toEqual(codes)
})

test.each(Object.entries(rows))('%s', async (_, { says: [code, status, message], reach, field = '', item, waits }) => {
  const answer = await reach()
  const { text, headers } = item ? firstItem(answer) : answer
  const header = (name: string) => headers.get(name)
  const told = ['content-type', 'cache-control', 'www-authenticate'].map(header)
  const challenge = code < 100_104 ? 'Bearer' : null
  expect([answer.status, text, ...told, Number(header('retry-after')) > 0]).toEqual([
    item ? 207 : status,
    errorOf(code, `${message}${field}`),
    'application/json; charset=utf-8',
    'no-store',
    challenge,
    waits ?? false,
  ])
})
