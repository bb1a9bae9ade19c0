import { openDatabase, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, personOf, shareOf, startSssLca, type World } from './client.ts'
import { codeTo, newEmail, newPhone, newShare } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

async function newCode(email: string): Promise<string> {
  const asked = await clientOf(world.app.baseUrls[0] ?? '').ask({
    path: '/send-login-verification-code',
    body: { email },
  })
  expect(asked.status).toBe(200)
  return codeTo(world.app, email)
}

test('a record has twenty recovery methods: each change holds a copy of them all', async () => {
  const ann = personOf(world, { email: newEmail() })
  await ann.put(newShare())
  const add = async (credentialId: string) =>
    (await ann.addMethod({ type: 'passkey', credentialId, encryptedShare: newShare() })).status
  const statuses: number[] = []
  for (let number = 0; number < 20; number++) statuses.push(await add(`passkey-${String(number)}`))
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(await add('one-too-many')).toBe(409)
  expect(await add('passkey-3')).toBe(200)
})

test('a number is told of five moves a day, whoever makes a new record for it each time', async () => {
  const phone = newPhone()
  const { ask, login, vp } = personOf(world, { phone })
  // A token that was given before the number was linked to an address is good for its hour.
  const kept = await login()
  const statuses: number[] = []
  for (let round = 0; round < 6; round++) {
    const body = { ...kept, ...shareOf(newShare()) }
    expect((await ask({ method: 'PUT', path: '/keys/auth-share', vp: vp(), body })).status).toBe(200)
    const email = newEmail()
    const move = { ...kept, previousPhone: phone, email, code: await newCode(email) }
    statuses.push((await ask({ path: '/keys/upgrade-contact-method', body: move })).status)
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
})

test('five backups a day are mailed for a contact, however often its record is deleted', async () => {
  const ann = personOf(world, { email: newEmail() })
  const mail = async () => (await ann.backUp({ emailShare: `0001${newShare()}`, email: newEmail() })).status
  for (let round = 0; round < 5; round++) expect(await mail()).toBe(200)
  await ann.put(newShare())
  expect(await mail()).toBe(429)
  await ann.remove()
  await ann.put(newShare())
  expect(await mail()).toBe(429)
})

test('a method that is added while its record moves is no method that never opens', async () => {
  const [phone, email] = [newPhone(), newEmail()]
  const ann = personOf(world, { phone })
  await ann.put(newShare())
  const code = await newCode(email)
  const admin = openDatabase({ connectionString: world.app.database.adminUrl, connections: 2 })
  const waiting = async () =>
    Number(
      (
        await world.app.sql(
          'select count(*)::int as n from pg_locks as l join pg_stat_activity as a using (pid) where not l.granted and a.datname = current_database()',
        )
      )[0]?.['n'],
    )
  try {
    const [added, moved] = await admin.transaction(async (tx) => {
      await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
      await tx.run(sql`select id from secret_shares.accounts for update`)
      // They queue up at the row: the move has read what it moves by then.
      const adding = ann.addMethod({ type: 'passkey', credentialId: 'late', encryptedShare: newShare() })
      await expect.poll(waiting).toBe(1)
      const moving = ann.upgrade({ previousPhone: phone, email, code })
      await expect.poll(waiting).toBe(2)
      return [adding, moving]
    })
    expect([(await added).status, (await moved).status]).toEqual([200, 409])
  } finally {
    await admin.close()
  }
  expect((await ann.upgrade({ previousPhone: phone, email, code })).status).toBe(200)
  const there = personOf(world, { email, seed: ann.seed })
  expect((await there.readMethod({ type: 'passkey', credentialId: 'late' })).status).toBe(200)
})

test('whoever reads with a login alone uses up no change of its owner’s', async () => {
  const ann = personOf(world, { email: newEmail() })
  await ann.put(newShare())
  const passkey = { type: 'passkey', credentialId: 'one' }
  await ann.addMethod({ ...passkey, encryptedShare: newShare() })
  const statuses: number[] = []
  for (let number = 0; number < 61; number++) statuses.push((await ann.readMethod(passkey)).status)
  expect([statuses.slice(0, 60).every((status) => status === 200), statuses.at(-1)]).toEqual([true, 429])
  expect((await ann.addMethod({ type: 'phrase' })).status).toBe(200)
})
