import { afterEach, beforeEach, expect, test } from 'vitest'
import { digest } from '../test/fake-auth-service.ts'
import { type ServedAuthService, serveAuthService } from '../test/serve-auth-service.ts'
import { type DuoClient, duoClient } from './api/duo-client.ts'
import { newDeviceKey } from './device-key.ts'
import { enrolDevice, proveDevice } from './enrol-device.ts'

let served: ServedAuthService
let client: DuoClient
beforeEach(async () => {
  served = await serveAuthService()
  client = duoClient({ baseUrl: served.url, accessToken: () => Promise.resolve('token') })
  await client.registerUser()
  served.seen.length = 0
})
afterEach(() => served[Symbol.asyncDispose]())

const [challenge, register] = ['GET /auth/devices/challenge/', 'POST /auth/devices/register']
const calls = () => served.calls().map((call) => call.replace(/[0-9a-f]{130}$/, ''))
const scanOf = (person: string) => (sessionToken: string) =>
  Promise.resolve({
    faceScan: person,
    auditTrailImage: 'a',
    lowQualityAuditTrailImage: 'b',
    userAgent: sessionToken,
    status: 'of an SDK',
  })
const closesCamera = () => Promise.reject(new RangeError('the user closed the camera'))
const neverAsked = () => Promise.reject(new Error('asked for a face'))

test('a device without a face is a challenge and a signature', async () => {
  const key = await newDeviceKey()
  expect(await enrolDevice(client, key, { name: 'Laptop', scanFace: neverAsked })).toEqual({ outcome: 'registered' })
  expect(calls()).toEqual([challenge, register])
  expect(await client.listDevices()).toMatchObject([
    { deviceVerifyingKey: key.deviceVerifyingKey, deviceName: 'Laptop' },
  ])
})

test('called again, as after an answer that was lost, it does no harm and asks for no face', async () => {
  const key = await newDeviceKey()
  await enrolDevice(client, key)
  served.service.face = 'ann'
  expect(await enrolDevice(client, key, { scanFace: neverAsked })).toEqual({ outcome: 'already-registered' })
})

test('where a face is demanded it is asked for once, and the challenge is the same', async () => {
  served.service.face = 'ann'
  const answer = await enrolDevice(client, await newDeviceKey(), {
    name: 'Laptop',
    scanFace: scanOf('ann'),
    userAgent: 'of the SDK',
  })
  expect(answer).toEqual({ outcome: 'registered' })
  expect(calls()).toEqual([challenge, register, 'GET /auth/face/session-token', register])
  expect(served.seen[2]?.headers['x-user-agent']).toBe('of the SDK')
  const [first, second] = served.seen.filter(({ call }) => call === register).map(({ body }) => body as object)
  const scan = { face_scan: 'ann', audit_trail_image: 'a', low_quality_audit_trail_image: 'b' }
  expect(second).toEqual({ ...first, ...scan, user_agent: expect.any(String) as string })
})

test('a face of another person is refused, and not asked for again', async () => {
  served.service.face = 'ann'
  const enrolled = enrolDevice(client, await newDeviceKey(), { scanFace: scanOf('ben') })
  await expect(enrolled).rejects.toMatchObject({ status: 403, code: 100706 })
  expect(calls()).toHaveLength(4)
  expect(served.service.devices.size).toBe(0)
})

test('who cannot scan learns that a face is demanded', async () => {
  served.service.face = 'ann'
  await expect(enrolDevice(client, await newDeviceKey())).rejects.toMatchObject({
    code: 100702,
    message: 'Face verification required',
  })
})

test('who does not want to be scanned sends nothing more', async () => {
  served.service.face = 'ann'
  await expect(enrolDevice(client, await newDeviceKey(), { scanFace: closesCamera })).rejects.toThrow(RangeError)
  expect(calls()).toEqual([challenge, register, 'GET /auth/face/session-token'])
})

test('a key of another user is refused without a face', async () => {
  const key = await newDeviceKey()
  served.service.devicesOfOthers.add(key.deviceVerifyingKey)
  const enrolled = enrolDevice(client, key, { scanFace: neverAsked })
  await expect(enrolled).rejects.toMatchObject({ status: 409, code: 100401 })
})

test('a signature over a hash of the hash registers nothing', async () => {
  const key = await newDeviceKey()
  const twice = { ...key, sign: (message: Uint8Array) => key.sign(digest(message)) }
  await expect(enrolDevice(client, twice)).rejects.toMatchObject({ status: 401, code: 100501 })
})

test('a server that sends something else to sign gets no signature', async () => {
  served.answerNext({ status: 200, body: { challenge: '{"transfer":"everything"}', ttl_seconds: 300 } })
  await expect(enrolDevice(client, await newDeviceKey())).rejects.toThrow('challenge is not 32 bytes of hex')
  expect(calls()).toEqual([challenge])
})

test('a first face needs no device; beside a device it needs the word of it', async () => {
  const [key, face] = [await newDeviceKey(), await scanOf('ann')('session')]
  await enrolDevice(client, key)
  await expect(client.registerFace(face)).rejects.toMatchObject({ status: 401, code: 100501 })
  const registered = await client.registerFace(face, await proveDevice(client, key))
  expect(registered).toMatchObject({ registeredAt: '2025-01-15T10:30:00Z', scanResultBlob: 'blob' })
  await expect(client.registerFace(face)).rejects.toMatchObject({ code: 100703 })
})
