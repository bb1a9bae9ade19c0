import { halfHeld, secondToken, sweepNow, tokenStates } from '@strongroom/test-world'
import { expect, test } from 'vitest'
import { personOf, startSssLca } from './client.ts'
import { codeTo, messagesTo, newEmail, newShare } from './people.ts'
import { relayAt } from './relay.ts'

const columns = [
  ['secret_shares.accounts', 'contact'],
  ['secret_shares.accounts', 'recovery_email'],
  ['secret_shares.shares', 'envelope'],
  ['secret_shares.recovery_methods', 'envelope'],
  ['qr_login.devices', 'address'],
] as const

test('what was kept while one of two tokens was away is held by both soon after, and read by it alone', async () => {
  await using second = await secondToken('sss-lca-2')
  await using world = await startSssLca({
    processes: 0,
    settings: { ...second.settings, TRUSTED_PROXY_HOPS: '1' },
  })
  const { app } = world
  const { baseUrl } = await app.spawn(await app.outbox.push.environment())
  const until = (...states: string[]) => expect.poll(() => tokenStates(baseUrl)).toEqual(states)
  await second.token.take()
  await until('healthy', 'away')
  await sweepNow(app)

  const [email, recovery, share] = [newEmail(), newEmail(), newShare()]
  const ann = personOf(world, { email, baseUrl })
  await ann.put(newShare())
  await ann.put(share)
  const encryptedShare = { encryptedData: 'AAAA', iv: 'BBBB' }
  await ann.addMethod({ type: 'passkey', encryptedShare, credentialId: 'one' })
  await ann.addEmail(recovery)
  await messagesTo(app, recovery, 1)
  await ann.verifyEmail(await codeTo(app, recovery))
  const device = { kind: 'fcm', token: 'a-token-of-a-phone' }
  expect((await relayAt(baseUrl).register({ ...(await ann.login()), ...device })).status).toBe(200)
  for (const [name, { rows, half }] of Object.entries(await halfHeld(app, columns))) {
    expect([name, rows > 0, half]).toEqual([name, true, rows])
  }

  await second.token.bringBack()
  await until('healthy', 'healthy')
  await sweepNow(app)
  await expect
    .poll(async () => Object.values(await halfHeld(app, columns)).reduce((sum, { half }) => sum + half, 0))
    .toBe(0)
  await app.takeToken()
  await until('away', 'healthy')
  const { body } = await ann.get()
  expect(body).toMatchObject({ authShare: { encryptedData: share }, maskedRecoveryEmail: expect.stringContaining('@') })
  expect((await ann.readMethod({ type: 'passkey', credentialId: 'one' })).body).toEqual({ encryptedShare })
  expect(await app.log()).not.toContain('does not open')
})
