import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newDevice, startMpcAuth, userOf, type World } from './client.ts'

let world: World
beforeAll(async () => {
  world = await startMpcAuth()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

test('of revoked devices the last fifty are listed: each name costs the token a call', async () => {
  const ann = userOf(world)
  await ann.register()
  const first = newDevice()
  await ann.addDevice(first, { device_name: 'The first' })
  const revoked: string[] = []
  for (let number = 0; number < 52; number++) {
    const device = newDevice()
    expect((await ann.addDevice(device, { device_name: `Phone ${String(number)}` })).status).toBe(201)
    expect((await ann.send('DELETE', `/v2/devices/${device.key}`)).status).toBe(200)
    revoked.unshift(device.key)
  }
  const { devices } = (await ann.get('/v2/devices')).body as { devices: { device_verifying_key: string }[] }
  expect(devices.map((one) => one.device_verifying_key)).toEqual([...revoked.slice(0, 50), first.key])
})

test('of a key that is saved without end, twenty earlier versions are kept', async () => {
  const ann = userOf(world)
  await ann.register()
  const device = newDevice()
  await ann.addDevice(device)
  const keyId = await ann.addKey(device)
  const save = async () =>
    (await ann.backUp([{ key_id: keyId, encrypted_keyshare: randomBytes(32).toString('base64') }])).status
  for (let number = 0; number < 24; number++) expect(await save()).toBe(200)
  const rows = await world.app.sql(
    `select version, retired_at is null as current from key_shares.backups where key_id = '${keyId}' order by version`,
  )
  expect(rows).toEqual(Array.from({ length: 21 }, (_, index) => ({ version: index + 4, current: index === 20 })))
})
