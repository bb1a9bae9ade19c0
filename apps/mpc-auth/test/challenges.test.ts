import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Device, errorOf, newDevice, startMpcAuth, told, type User, userOf, type World } from './client.ts'
import { passTime } from './pass-time.ts'

let world: World
let ann: User
beforeAll(async () => {
  world = await startMpcAuth({ processes: 2, settings: { DEVICES_PER_USER: '1000' } })
  ann = userOf(world)
  await ann.register()
})
afterAll(() => world[Symbol.asyncDispose]())

const added = [201, '{"success":true,"message":"Device registered successfully"}']
const already = [200, '{"success":true,"message":"Device already registered"}']
const wrongSignature = [401, errorOf(100501, 'Invalid device signature')]
const noChallenge = [400, errorOf(100502, 'Challenge not found or already used')]
const expired = [400, errorOf(100503, 'Challenge expired')]
const foreign = [409, errorOf(100401, 'Device registered to another user')]
const badKey = [400, errorOf(100403, 'Invalid device verifying key')]
const badForm = [400, errorOf(100504, 'Signature is not hex DER')]
const faceNeeded = [403, errorOf(100702, 'Face verification required')]

const register = async (user: User, device: Device, signature: string) =>
  told(await user.send('POST', '/auth/devices/register', { device_id: device.key, signature }))

test('a challenge is 32 random bytes in hex, good for five minutes, and no cache keeps it', async () => {
  const phone = newDevice()
  const asked = await Promise.all([1, 2].map(() => ann.get(`/auth/devices/challenge/${phone.key}`)))
  for (const { status, body, headers } of asked) {
    expect([status, body]).toEqual([200, { challenge: expect.stringMatching(/^[0-9a-f]{64}$/), ttl_seconds: 300 }])
    expect(headers.get('cache-control')).toBe('no-store')
  }
  expect(new Set(asked.map(({ text }) => text)).size).toBe(2)
})

test('no row holds a challenge: a dump of the database answers none', async () => {
  const phone = newDevice()
  const challenge = await ann.challenge(phone.key)
  const rows = JSON.stringify(await world.app.sql('select row_to_json(c)::text as row from key_shares.challenges as c'))
  expect(rows).not.toContain(challenge)
  expect(rows).not.toContain(challenge.slice(0, 32))
})

describe('a challenge is answered', () => {
  test('once: a replay finds none, whatever the first answer was', async () => {
    const phone = newDevice()
    const signature = phone.sign(await ann.challenge(phone.key))
    expect(await register(ann, phone, signature)).toEqual(added)
    expect(await register(ann, phone, signature)).toEqual(noChallenge)
    expect(await register(ann, phone, phone.sign(await ann.challenge(phone.key)))).toEqual(already)
  })

  test('by one of many who answer it at once, at several processes', async () => {
    const phone = newDevice()
    const signature = phone.sign(await ann.challenge(phone.key))
    const doors = world.app.baseUrls.map((url) => userOf(world, ann.subject, url))
    const all = Array.from({ length: 20 }, (_, index) => register(doors[index % 2] ?? ann, phone, signature))
    const answers = (await Promise.all(all)).map(([status]) => status)
    expect(answers.filter((status) => status === 201)).toHaveLength(1)
    expect(answers.filter((status) => status === 400)).toHaveLength(19)
  })

  test('by the device that asked, and a wrong signature has used it up', async () => {
    const [phone, thief] = [newDevice(), newDevice()]
    const challenge = await ann.challenge(phone.key)
    expect(await register(ann, phone, thief.sign(challenge))).toEqual(wrongSignature)
    expect(await register(ann, phone, phone.sign(challenge))).toEqual(noChallenge)
  })

  test('with one hash: a doubly hashed answer is refused', async () => {
    const phone = newDevice()
    expect(await register(ann, phone, phone.signTwice(await ann.challenge(phone.key)))).toEqual(wrongSignature)
    const challenge = await ann.challenge(phone.key)
    for (const other of [`{"challenge": "${challenge}"}`, challenge, `{"challenge":"${challenge.toUpperCase()}"}`]) {
      await ann.challenge(phone.key)
      expect(await register(ann, phone, phone.signBytes(Buffer.from(other)))).toEqual(wrongSignature)
    }
  })

  test('by a signature with a high s as well as one with a low s', async () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const pending = new Set(['high', 'low'])
    while (pending.size > 0) {
      const phone = newDevice()
      const signature = phone.sign(await ann.challenge(phone.key))
      const length = Number.parseInt(signature.slice(6, 8), 16)
      const s = BigInt(`0x${signature.slice(8 + length * 2 + 4)}`)
      pending.delete(s > order / 2n ? 'high' : 'low')
      expect(await register(ann, phone, signature)).toEqual(added)
    }
  })

  test('by nobody else, and with no other key', async () => {
    const ben = userOf(world)
    await ben.register()
    const [phone, other] = [newDevice(), newDevice()]
    const challenge = await ann.challenge(phone.key)
    await ben.challenge(phone.key)
    expect(await register(ben, phone, phone.sign(challenge))).toEqual(wrongSignature)
    expect(await register(ann, other, other.sign(challenge))).toEqual(noChallenge)
    expect(await register(ann, phone, phone.sign(challenge))).toEqual(added)
  })

  test('in its time', async () => {
    const [early, late] = [newDevice(), newDevice()]
    const first = early.sign(await ann.challenge(early.key))
    const second = late.sign(await ann.challenge(late.key))
    // A minute to spare: real time passes as well.
    await passTime(world.app, '4 minutes')
    expect(await register(ann, early, first)).toEqual(added)
    await passTime(world.app, '61 seconds')
    expect(await register(ann, late, second)).toEqual(expired)
    expect(await register(ann, late, second)).toEqual(noChallenge)
  })

  test('until a newer one takes its place', async () => {
    const phone = newDevice()
    const older = phone.sign(await ann.challenge(phone.key))
    const newer = phone.sign(await ann.challenge(phone.key))
    expect(await register(ann, phone, older)).toEqual(wrongSignature)
    expect(await register(ann, phone, newer)).toEqual(noChallenge)
  })
})

describe('a key and a signature', () => {
  test('may be in upper case; the key is listed in lower case', async () => {
    const phone = newDevice()
    const shouted = phone.key.toUpperCase().replace('X', 'x')
    const signature = phone.sign(await ann.challenge(shouted)).toUpperCase()
    const asked = { device_id: shouted, signature }
    expect(told(await ann.send('POST', '/auth/devices/register', asked))).toEqual(added)
    const { devices } = (await ann.get('/v2/devices')).body as { devices: { device_verifying_key: string }[] }
    expect(devices.map((one) => one.device_verifying_key)).toContain(phone.key)
  })

  test('are of their forms, before a challenge is touched', async () => {
    const phone = newDevice()
    const signature = phone.sign(await ann.challenge(phone.key))
    const flipped = `${phone.key.slice(0, -1)}${phone.key.endsWith('0') ? '1' : '0'}`
    const bad = [flipped, `02${phone.key.slice(2, 66)}`, `0x${phone.key}`, phone.key.slice(2)]
    for (const key of [...bad, '', null])
      expect(told(await ann.send('POST', '/auth/devices/register', { device_id: key, signature }))).toEqual(badKey)
    for (const key of bad) expect(told(await ann.get(`/auth/devices/challenge/${key}`))).toEqual(badKey)
    const long = `3081${signature.slice(2)}`
    for (const form of [`${signature}00`, long, `0x${signature}`, signature.slice(0, -1), 'AAAA', '', 7])
      expect(await register(ann, phone, form as string)).toEqual(badForm)
    expect(await register(ann, phone, signature)).toEqual(added)
  })
})

describe('a device', () => {
  test('of somebody else is a conflict, told to whoever can sign for it alone', async () => {
    const ben = userOf(world)
    await ben.register()
    const phone = newDevice()
    await ann.addDevice(phone)
    expect((await ben.get(`/auth/devices/challenge/${phone.key}`)).status).toBe(200)
    expect(await register(ben, phone, newDevice().sign(await ben.challenge(phone.key)))).toEqual(wrongSignature)
    const signature = phone.sign(await ben.challenge(phone.key))
    expect(await register(ben, phone, signature)).toEqual(foreign)
    expect(await register(ben, phone, signature)).toEqual(noChallenge)
    expect((await ben.send('DELETE', `/v2/devices/${phone.key}`)).text).toBe(errorOf(100402, 'Device not registered'))
  })

  test('that was revoked never comes back, whoever asks', async () => {
    const phone = newDevice()
    await ann.addDevice(phone)
    expect(told(await ann.send('DELETE', `/v2/devices/${phone.key}`))).toEqual([
      200,
      '{"success":true,"message":"Device revoked successfully"}',
    ])
    expect(told(await ann.send('DELETE', `/v2/devices/${phone.key}`))).toEqual([
      404,
      errorOf(100402, 'Device not registered'),
    ])
    expect(told(await ann.addDevice(phone))).toEqual(foreign)
    const { devices } = (await ann.get('/v2/devices')).body as { devices: object[] }
    expect(devices).toContainEqual(expect.objectContaining({ device_verifying_key: phone.key, is_active: false }))
  })

  test('with a face registered asks for it first, without using up the challenge', async () => {
    const cleo = userOf(world)
    await cleo.register()
    await cleo.addFace()
    const phone = newDevice()
    const signed = await cleo.signed(phone)
    for (let time = 0; time < 3; time++)
      expect(told(await cleo.send('POST', '/auth/devices/register', signed))).toEqual(faceNeeded)
    const passed = await cleo.send('POST', '/auth/devices/register', { ...signed, ...(await cleo.scan()) })
    expect(told(passed)).toEqual(added)
  })

  test('whose face differs has used its challenge up', async () => {
    const cleo = userOf(world)
    await cleo.register()
    await cleo.addFace()
    const phone = newDevice()
    const signed = await cleo.signed(phone)
    const wrong = await cleo.send('POST', '/auth/devices/register', {
      ...signed,
      ...(await cleo.scan('somebody else')),
    })
    expect(told(wrong)).toEqual([403, errorOf(100706, 'Face does not match')])
    const again = await cleo.send('POST', '/auth/devices/register', { ...signed, ...(await cleo.scan()) })
    expect(told(again)).toEqual(noChallenge)
  })

  test('beyond the limit finds no room, however many come at once', async () => {
    const { baseUrl, child } = await world.app.spawn({ DEVICES_PER_USER: '3' })
    const dora = userOf(world, undefined, baseUrl)
    await dora.register()
    const answers = await Promise.all(Array.from({ length: 8 }, () => dora.addDevice(newDevice())))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(told(answer)).toEqual([409, errorOf(100404, 'Device limit reached')])
    child.kill('SIGTERM')
  })
})

test('a user is given ten challenges in a minute, whatever the devices', async () => {
  const usual = await world.app.spawn({ CHALLENGES_PER_USER: undefined })
  const user = userOf(world, ann.subject, usual.baseUrl)
  const asked = []
  for (let time = 0; time < 11; time++) asked.push(await user.get(`/auth/devices/challenge/${newDevice().key}`))
  expect(asked.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 200), 429])
  expect(told(asked[10] as (typeof asked)[number])).toEqual([429, errorOf(100804, 'Too many requests')])
})
