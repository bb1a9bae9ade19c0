import { overtaken } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorOf, newDevice, startMpcAuth, told, userOf, type World } from './client.ts'

let world: World
beforeAll(async () => {
  world = await startMpcAuth()
})
afterAll(() => world[Symbol.asyncDispose]())

test.each([
  ['another request of its user is registered already', 'own', [200, 'already registered']],
  ['another user is that one’s', 'foreign', [409, errorOf(100401, 'Device registered to another user')]],
] as const)('a device that is registered at this moment by %s', async (_, whose, [status, text]) => {
  const [ann, ben, phone] = [userOf(world), userOf(world), newDevice()]
  const ids = await Promise.all(
    [ann, ben].map(async (one) => ((await one.register()).body as { user_id: string }).user_id),
  )
  const signature = phone.sign(await ann.challenge(phone.key))
  const answer = await overtaken({
    adminUrl: world.app.database.adminUrl,
    hold: `select from key_shares.users where id = '${String(ids[0])}' for no key update`,
    touching: 'key_shares.users',
    ask: () => ann.send('POST', '/auth/devices/register', { device_id: phone.key, signature }),
    change: `insert into key_shares.devices (verifying_key, user_id)
             values ('\\x${phone.key}', '${String(ids[whose === 'own' ? 0 : 1])}')`,
  })
  expect(told(answer)).toEqual([status, expect.stringContaining(text)])
})
