import { halfHeld, secondToken, sweepNow } from '@strongroom/test-world'
import { expect, test } from 'vitest'
import { newUser } from './callers.ts'
import { newEmail, startIdentityStorage } from './client.ts'
import { enableTotp } from './demands.ts'
import { asking, atLarge, blob, resourceIn } from './resources.ts'
import { invited, newNobody } from './scene.ts'

const columns = [
  ['identity.wallets', 'contents'],
  ['identity.factors', 'secret'],
  ['identity.settings', 'envelope'],
  ['identity.blobs', 'envelope'],
  ['identity.identities', 'contents'],
  ['identity.invites', 'email'],
  ['identity.stored_signers', 'envelope'],
] as const

test('what was kept while one of two tokens was away is held by both soon after, and read by it alone', async () => {
  await using second = await secondToken('identity-2')
  await using world = await startIdentityStorage({ settings: second.settings })
  const { app, ask } = world
  const until = (...states: string[]) =>
    expect
      .poll(async () => {
        const { tokens } = (await ask({ path: '/health/ready' })).body as { tokens: { state: string }[] }
        return tokens.map(({ state }) => state)
      })
      .toEqual(states)
  await second.token.take()
  await until('healthy', 'away')
  await sweepNow(app)
  // Else it might look when the token is back, and never have seen it away.
  await expect.poll(() => app.sql(`select from graphile_worker.jobs where task_identifier = 'sweeps.run'`)).toEqual([])

  const ann = await newUser(world)
  await enableTotp(world, ann)
  const settings = `/identities/${ann.accountId}/settings`
  for (const key of ['locale', 'theme']) {
    const set = asking(['PUT', settings], { data: { attributes: { key, value: `of ${key}` } } }, ann.signer)
    expect((await ask(set)).status).toBe(200)
  }
  const made = await ask(asking(['POST', `/accounts/${ann.accountId}/blobs`], blob('kyc_form', 'a form'), ann.signer))
  const form = `/accounts/${ann.accountId}/blobs/${resourceIn(made).id}`
  const emails = [newEmail(), newEmail()]
  for (const email of emails) await newNobody(world, { email })
  await invited(world, atLarge(newEmail()))
  const signer = { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } }
  const stored = asking(['POST', `/integrations/multisig/accounts/${ann.accountId}/signers`], signer, ann.signer)
  expect((await ask(stored)).status).toBe(200)
  const before = await halfHeld(app, columns)
  for (const [name, { rows, half }] of Object.entries(before))
    expect([name, rows > 0, half]).toEqual([name, true, rows])

  await second.token.bringBack()
  await until('healthy', 'healthy')
  await sweepNow(app)
  await expect
    .poll(async () => Object.values(await halfHeld(app, columns)).reduce((sum, { half }) => sum + half, 0))
    .toBe(0)
  await app.takeToken()
  await until('away', 'healthy')
  const read = (path: string, by = ann.signer) => ask(asking(['GET', path], undefined, by))
  for (const key of ['locale', 'theme'])
    expect(resourceIn(await read(`${settings}/${key}`)).attributes).toEqual({ key, value: `of ${key}` })
  expect(JSON.stringify((await read(form)).body)).toContain('a form')
  // Their stamps cover the envelopes: they were made anew with them.
  for (const email of emails) {
    const found = await ask({ path: `/identities?filter[email]=${encodeURIComponent(email)}` })
    expect([found.status, JSON.stringify(found.body)]).toEqual([200, expect.stringContaining('"identity"')])
  }
  expect(await app.log()).not.toContain('does not open')
})
