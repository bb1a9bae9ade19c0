import { overtaken, type TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, type KeyServerClient, startKeyServer } from './client.ts'
import { addVerified, freshCode, newEmail } from './people.ts'

let app: TestApp
let client: KeyServerClient
beforeAll(async () => {
  app = await startKeyServer()
  client = clientOf(app.baseUrls[0] ?? '')
})
afterAll(() => app.stop())

test('a key that is erased while its user proves a code is not there: neither waits for the other', async () => {
  const address = newEmail()
  const keyId = await client.create('1234')
  await addVerified(app, client, { keyId, pin: '1234', address })
  const code = await freshCode(app, client, { keyId, address })
  const { status } = await overtaken({
    adminUrl: app.database.adminUrl,
    // As who erases a key goes on: the key first, then its users.
    hold: `delete from pin_keys.keys where id = '${keyId}'`,
    touching: 'pin_keys.keys',
    ask: () => client.verify(keyId, address, { code, op: 'reset-pin', newPin: '8642' }),
    change: `update pin_keys.users set removed_at = strongroom.now() where key_id = '${keyId}'`,
  })
  expect(status).toBe(404)
})
