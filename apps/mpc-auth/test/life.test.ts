import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newDevice, nodeOf, startMpcAuth, userOf, type World } from './client.ts'

let world: World
beforeAll(async () => {
  world = await startMpcAuth()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})
const keyId = () => `key_${randomBytes(6).toString('hex')}`

test('user, device and face are registered, once each', async () => {
  const ann = userOf(world)
  expect((await ann.get('/v2/keys')).body).toEqual({ error: { code: 100201, message: 'User not registered' } })
  const first = await ann.register()
  expect([first.status, first.body]).toMatchObject([201, { success: true, message: 'User registered successfully' }])
  const again = await ann.register()
  expect([again.status, again.body]).toEqual([200, { ...(first.body as object), message: 'User already registered' }])
  const phone = newDevice()
  const added = await ann.addDevice(phone, { device_name: 'A phone' })
  expect([added.status, added.body]).toEqual([201, { success: true, message: 'Device registered successfully' }])
  expect((await ann.addDevice(phone)).status).toBe(200)
  expect((await ann.get('/v2/devices')).body).toMatchObject({
    devices: [{ device_verifying_key: phone.key, device_name: 'A phone', is_active: true }],
  })
  expect((await ann.get('/v2/face')).body).toEqual({ registered: false, registered_at: null })
  expect((await ann.addFace()).body).toMatchObject({ error: { code: 100501 } })
  const face = await ann.addFace(await ann.signed(phone))
  expect([face.status, face.body]).toMatchObject([201, { message: 'Face registered successfully' }])
  expect((await ann.get('/v2/face')).body).toMatchObject({ registered: true })
  expect((await ann.addFace(await ann.signed(phone))).body).toMatchObject({ error: { code: 100703 } })
})

test('a new phone needs the face, on the same challenge; it recovers, and the old phone is revoked', async () => {
  const ann = userOf(world)
  await ann.register()
  const [old, fresh] = [newDevice(), newDevice()]
  await ann.addDevice(old)
  await ann.addFace(await ann.signed(old))
  const node = nodeOf(world)
  const id = keyId()
  expect(await node.keygen(old, id)).toEqual(['ok', 'ok'])
  expect(await node.sign(old, id, { message: ['ab'.repeat(32)], sign_alg: ['ecdsa'] })).toBe('ok')
  const share = randomBytes(1000).toString('base64')
  const saved = await ann.backUp([{ key_id: id, encrypted_keyshare: share }])
  expect([saved.status, saved.body]).toMatchObject([200, { success: true, keyshares: [{ key_id: id }] }])
  expect((await ann.get('/v2/keys')).body).toMatchObject({ keys: [{ key_id: id, backup: {} }] })

  const signed = await ann.signed(fresh)
  const gated = await ann.send('POST', '/auth/devices/register', signed)
  expect([gated.status, gated.body]).toMatchObject([403, { error: { code: 100702 } }])
  const passed = await ann.send('POST', '/auth/devices/register', { ...signed, ...(await ann.scan()) })
  expect(passed.status).toBe(201)
  const recovered = await ann.recover([id])
  expect([recovered.status, recovered.body]).toEqual([
    200,
    { success: true, keyshares: [{ key_id: id, encrypted_keyshare: share }] },
  ])
  expect(await node.sign(fresh, id)).toBe('ok')
  expect((await ann.send('DELETE', `/v2/devices/${old.key}`)).status).toBe(200)
  expect(await node.sign(old, id)).toBe('reject')
  const { transactions } = (await ann.get('/transactions')).body as { transactions: { status: string }[] }
  expect(transactions.map(({ status }) => status)).toEqual(['rejected', 'approved', 'approved', 'completed'])
})

test('keys of somebody else are answered as keys of nobody', async () => {
  const [ann, ben] = [userOf(world), userOf(world)]
  for (const user of [ann, ben]) await user.register()
  const phone = newDevice()
  await ann.addDevice(phone)
  const id = keyId()
  await nodeOf(world).keygen(phone, id)
  const share = randomBytes(10).toString('base64')
  await ann.backUp([{ key_id: id, encrypted_keyshare: share }])
  const foreign = await ben.backUp([{ key_id: id, encrypted_keyshare: share }])
  expect([foreign.status, foreign.body]).toMatchObject([
    207,
    { keyshares: [{ key_id: id, error: { code: 100601, message: 'Key not found' } }] },
  ])
  await ben.addFace()
  const answers = await Promise.all([id, keyId()].map(async (one) => (await ben.recover([one])).text))
  expect(answers[0]).toBe(answers[1])
  expect(answers[0]).toContain('100301')
})
