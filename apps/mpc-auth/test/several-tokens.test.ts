import { randomBytes } from 'node:crypto'
import { halfHeld, secondToken, sweepNow, tokenStates } from '@strongroom/test-world'
import { expect, test } from 'vitest'
import { newDevice, startMpcAuth, userOf } from './client.ts'

const columns = [
  ['key_shares.devices', 'name'],
  ['key_shares.backups', 'envelope'],
] as const

test('what was kept while one of two tokens was away is held by both soon after, and read by it alone', async () => {
  await using second = await secondToken('mpc-auth-2')
  await using world = await startMpcAuth({ settings: second.settings })
  const { app } = world
  const until = (...states: string[]) => expect.poll(() => tokenStates(app.baseUrls[0] ?? '')).toEqual(states)
  await second.token.take()
  await until('healthy', 'away')
  await sweepNow(app)

  const user = userOf(world)
  await user.register()
  await user.addFace()
  const phone = newDevice()
  const named = { ...(await user.signed(phone)), ...(await user.scan()), device_name: 'A phone' }
  expect((await user.send('POST', '/auth/devices/register', named)).status).toBe(201)
  const keys = [await user.addKey(phone), await user.addKey(phone), await user.addKey(phone)]
  const shares = keys.map((key_id) => ({ key_id, encrypted_keyshare: randomBytes(50_000).toString('base64') }))
  await user.backUp(shares)
  await user.backUp(shares)
  // A key that was never backed up, before all others: it must not end the pass.
  await app.sql(`insert into key_shares.keys (key_id, user_id, verifying_key, instance, stamp)
                 select '0', user_id, verifying_key, instance, stamp from key_shares.keys limit 1`)
  const before = await halfHeld(app, columns)
  expect(before).toEqual({
    'key_shares.devices.name': { rows: 1, half: 1 },
    'key_shares.backups.envelope': { rows: 6, half: 6 },
  })

  await second.token.bringBack()
  await until('healthy', 'healthy')
  await sweepNow(app)
  await expect
    .poll(async () => Object.values(await halfHeld(app, columns)).reduce((sum, { half }) => sum + half, 0))
    .toBe(0)
  await app.takeToken()
  await until('away', 'healthy')
  expect((await user.recover(keys)).body).toEqual({ success: true, keyshares: shares })
  expect(JSON.stringify((await user.get('/v2/devices')).body)).toContain('A phone')
  expect(await app.log()).not.toContain('does not open')
})
