import { openDatabase, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { beginTwoFactor, chainOf, relayed, signedBy } from './accounts-chain.ts'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts()
})
afterAll(() => world[Symbol.asyncDispose]())

test('a second device signs in after the first one let it in on the chain', async () => {
  const ann = personOf(world)
  const { key: phone, credentials, account } = await ann.settle()
  const { accessToken } = credentials
  const tablet = newKey()
  const begun = await beginTwoFactor(ann, tablet)
  const { id, token } = begun
  const finish = () => ann.post('/auth/v1/signin/2fa/finish', { twoFactorAuthRequestId: id }, token)
  const status = async () => {
    const { body } = await ann.get(`/device/v1/2fa/${id}`, token)
    return (body as { twoFactorAuth: { status: string } }).twoFactorAuth.status
  }
  expect([await status(), refused(await finish())]).toEqual(['pending', [400, 'TwoFactorPending']])

  // What waits for a device is no token of the account, and the account’s is none of what waits.
  for (const path of ['/account/v1/me', '/device/v1/devices', '/key/v1/keys', '/sign/v1/changes'])
    expect(refused(await ann.get(path, token))).toEqual([401, 'InvalidToken'])
  expect(refused(await ann.post('/auth/v1/signin/2fa/finish', { twoFactorAuthRequestId: id }, accessToken))).toEqual([
    401,
    'InvalidToken',
  ])

  const body = await signedBy(chainOf(world), begun.call, [phone])
  const txId = await relayed(ann, accessToken, await ann.post('/sign/v1/evm/transaction', body, accessToken))
  expect((await ann.post(`/device/v1/2fa/${id}/approve`, { txId }, accessToken)).status).toBe(204)
  expect(await status()).toBe('approved')
  const finished = await finish()
  expect([finished.status, signedIn(finished).account.id]).toEqual([200, account.id])
  expect(refused(await finish())).toEqual([400, 'InvalidRequest'])

  const { devices } = (await ann.get('/device/v1/devices', signedIn(finished).credentials.accessToken)).body as {
    devices: { publicKey: string }[]
  }
  expect(devices.map(({ publicKey }) => publicKey)).toEqual([phone.publicKey, tablet.publicKey])
  // From now on it needs nobody.
  expect((await ann.signIn(tablet)).status).toBe(200)
})

test('who asks, and what devices are called, is nowhere in the database in clear', async () => {
  const bob = personOf(world, { subject: 'bob.of.the.tests@example.com' })
  await bob.settle()
  await beginTwoFactor(bob, newKey())
  const database = openDatabase({ connectionString: world.app.database.adminUrl, connections: 1 })
  const text = z.object({ text: z.string() })
  const tables = await database.many(
    text,
    sql`select format('%I.%I', schemaname, tablename) as text from pg_tables
         where schemaname in ('chain_accounts', 'audit', 'graphile_worker', 'chains', 'time_locks')`,
  )
  expect(tables.length).toBeGreaterThan(10)
  let rows = 0
  for (const { text: table } of tables) {
    // Bytes are printed in hex.
    const found = await database.one(
      text,
      sql`select query_to_xml('select t::text as row from ' || ${table}::text || ' as t', true, false, '')::text as text`,
    )
    const words = ['bob.of.the.tests', 'a tablet of the tests', 'token-of-the-tests']
    for (const word of words.flatMap((one) => [one, Buffer.from(one).toString('hex')]))
      expect(found.text).not.toContain(word)
    rows += found.text.split('<row>').length
  }
  expect(rows).toBeGreaterThan(tables.length)
  await database.close()
})
