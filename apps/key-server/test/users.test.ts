import { randomUUID } from 'node:crypto'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, invalidParams, invalidRequest, type KeyServerClient, startKeyServer, success } from './client.ts'
import { passTime } from './pass-time.ts'
import { addVerified, codeTo, messageTo, newEmail, newPhone } from './people.ts'

let app: TestApp
let client: KeyServerClient
beforeAll(async () => {
  app = await startKeyServer()
  client = clientOf(app.baseUrls[0] ?? '')
})
afterAll(() => app.stop())

test.each([
  ['an e-mail address', newEmail(), 'email'],
  ['a phone number', newPhone(), 'sms'],
])('%s is added, sent a code in the words of the original, and verified by it', async (_, address, channel) => {
  const keyId = await client.create('1234')
  const added = await client.addUser(keyId, '1234', address)
  expect([added.status, added.text]).toEqual([201, success])
  const message = await messageTo(app, address, 1)
  expect(message).toMatchObject({ channel, subject: channel === 'email' ? 'Verify your email address' : '' })
  expect(message.text).toMatch(/^Your verification code is: \d{6}\s*$/)
  const code = await codeTo(app, address, 1)
  const verified = await client.verify(keyId, address, { code, op: 'verify' })
  expect([verified.status, verified.text]).toEqual([200, success])
  const again = await client.verify(keyId, address, { code, op: 'verify' })
  expect([again.status, again.text]).toEqual([404, invalidParams])
  const exists = await client.addUser(keyId, '1234', address)
  expect([exists.status, exists.text]).toEqual([409, '{"message":"User id already exists"}'])
})

test('an unverified user may be added again for another code, and either code serves', async () => {
  const [keyId, address] = [await client.create('1234'), newEmail()]
  await client.addUser(keyId, '1234', address)
  const first = await codeTo(app, address, 1)
  expect((await client.addUser(keyId, '1234', address)).status).toBe(201)
  await codeTo(app, address, 2)
  expect((await client.verify(keyId, address, { code: first, op: 'verify' })).status).toBe(200)
})

test('an address is found however its letters are written, and written to as it was typed', async () => {
  const [keyId, typed] = [await client.create('1234'), newEmail().replace('person', 'Person')]
  await client.addUser(keyId, '1234', typed)
  const code = await codeTo(app, typed, 1)
  expect((await client.verify(keyId, typed.toUpperCase(), { code, op: 'verify' })).status).toBe(200)
  expect((await client.addUser(keyId, '1234', typed.toLowerCase())).status).toBe(409)
})

test('a raw plus in the path is a plus', async () => {
  const [keyId, number] = [await client.create('1234'), newPhone()]
  await client.addUser(keyId, '1234', number)
  const code = await codeTo(app, number, 1)
  const { status } = await client.ask({
    method: 'PUT',
    path: `/v2/key/${keyId}/user/${number}`,
    body: { code, op: 'verify' },
  })
  expect(status).toBe(200)
})

test('a wrong PIN adds and removes nobody, and sends nothing', async () => {
  const [keyId, address] = [await client.create('1234'), newEmail()]
  expect((await client.addUser(keyId, '9999', address)).text).toBe(invalidParams)
  await addVerified(app, client, { keyId, pin: '1234', address })
  expect((await client.removeUser(keyId, '9999', address)).text).toBe(invalidParams)
  expect((await client.askReset(keyId, address)).status).toBe(200)
  expect((await app.messagesTo(address)).filter(({ text }) => text.includes('code is'))).not.toHaveLength(0)
})

test('a removed user is told, is unknown from then on, and may be added again', async () => {
  const [keyId, mail, number] = [await client.create('1234'), newEmail(), newPhone()]
  await addVerified(app, client, { keyId, pin: '1234', address: mail })
  await addVerified(app, client, { keyId, pin: '1234', address: number })
  const removed = await client.removeUser(keyId, '1234', number)
  expect([removed.status, removed.text]).toEqual([200, success])
  await expect
    .poll(async () => (await app.messagesTo(number)).some(({ text }) => text.includes('was removed')))
    .toBe(true)
  await expect
    .poll(async () => (await app.messagesTo(mail)).some(({ subject }) => subject.includes('removed')))
    .toBe(true)
  expect((await client.askReset(keyId, number)).text).toBe(invalidParams)
  const again = await client.removeUser(keyId, '1234', number)
  expect([again.status, again.text]).toEqual([404, invalidParams])
  await addVerified(app, client, { keyId, pin: '1234', address: number })
})

test('a planted user: the owner is told of it and of the changed PIN, and removes it', async () => {
  const [keyId, owner, thief] = [await client.create('1234'), newEmail(), newEmail()]
  await addVerified(app, client, { keyId, pin: '1234', address: owner })
  await addVerified(app, client, { keyId, pin: '1234', address: thief })
  await client.change(keyId, '1234', '5678')
  const subjects = async () => (await app.messagesTo(owner)).map(({ subject }) => subject)
  await expect
    .poll(subjects)
    .toEqual(expect.arrayContaining(['An address was added to your key', 'The PIN of your key was changed']))
  expect((await client.removeUser(keyId, '5678', thief)).status).toBe(200)
  expect((await client.askReset(keyId, thief)).status).toBe(404)
})

test('the copy of the key comes with the first user and goes with the last', async () => {
  const [keyId, mail, number] = [await client.create('1234'), newEmail(), newPhone()]
  const copies = async () => (await app.sql(`select from pin_keys.recovery_copies where key_id = '${keyId}'`)).length
  expect(await copies()).toBe(0)
  await client.addUser(keyId, '1234', mail)
  await client.addUser(keyId, '1234', number)
  expect(await copies()).toBe(1)
  await client.removeUser(keyId, '1234', mail)
  expect(await copies()).toBe(1)
  await client.removeUser(keyId, '1234', number)
  expect(await copies()).toBe(0)
})

test('five codes an hour and twenty a day are sent for a user, then 429 in the shape of the contract', async () => {
  const [keyId, address] = [await client.create('1234'), newEmail()]
  await addVerified(app, client, { keyId, pin: '1234', address })
  const answers: number[] = []
  for (let i = 0; i < 4; i++) answers.push((await client.askReset(keyId, address)).status)
  // Three live codes at once, whatever the hour allows.
  expect(answers).toEqual([200, 200, 200, 429])
  const refused = await client.askReset(keyId, address)
  expect(refused.text).toMatch(/^\{"message":"Rate limit until","delay":"[^"]+Z"\}$/)
  await passTime(app, '61 minutes')
  expect((await client.askReset(keyId, address)).status).toBe(200)
})

test('one address gets few codes, whatever the number of keys that ask', async () => {
  const victim = newEmail()
  const answers: number[] = []
  for (let i = 0; i < 25; i++) answers.push((await client.addUser(await client.create('1234'), '1234', victim)).status)
  expect(answers.filter((status) => status === 201)).toHaveLength(20)
  expect(new Set(answers.slice(20))).toEqual(new Set([429]))
})

test('codes for a reset do not depend on what strangers had sent to the address', async () => {
  const [keyId, address] = [await client.create('1234'), newEmail()]
  await addVerified(app, client, { keyId, pin: '1234', address })
  for (let i = 0; i < 22; i++) await client.addUser(await client.create('1234'), '1234', address)
  expect((await client.addUser(await client.create('1234'), '1234', address)).status).toBe(429)
  expect((await client.askReset(keyId, address)).status).toBe(200)
})

test('notices are never held back, so what causes them is limited', async () => {
  const [keyId, address] = [await client.create('1234'), newEmail()]
  await addVerified(app, client, { keyId, pin: '1234', address })
  const statuses: number[] = []
  for (let i = 0; i < 63; i++) statuses.push((await client.change(keyId, '1234', '1234')).status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(60)
  expect(statuses.slice(60)).toEqual([429, 429, 429])
  expect((await client.open(keyId, '1234')).status).toBe(200)
})

test('a code for one user is not sent to another, whatever a job says', async () => {
  const [keyId, mine, other] = [await client.create('1234'), newEmail(), newEmail()]
  await addVerified(app, client, { keyId, pin: '1234', address: mine })
  await addVerified(app, client, { keyId: await client.create('1234'), pin: '1234', address: other })
  const before = (await app.messagesTo(other)).length
  const [row] = await app.sql(`
    with code as (
      insert into codes.codes (kind, subject, "group", purpose)
      select 'user-code', encode(lookup, 'hex'), key_id::text, 'reset-pin' from pin_keys.users where key_id = '${keyId}' returning id
    )
    select (graphile_worker.add_job('pin-keys.send-code', json_build_object('codeId', code.id, 'userId', u.id))).id is not null as added
      from code, pin_keys.users as u where u.key_id <> '${keyId}' order by u.created_at desc limit 1`)
  expect(row).toEqual({ added: true })
  expect((await client.askReset(keyId, mine)).status).toBe(200)
  await expect
    .poll(async () => (await app.messagesTo(mine)).filter(({ text }) => text.includes('code is')).length)
    .toBe(2)
  expect(await app.messagesTo(other)).toHaveLength(before)
})

test.each([
  '',
  'nobody',
  'a@localhost',
  '@example.com',
  'a b@example.com',
  'a@example.com\n',
  'a@example..com',
  '0151234567',
  '+0151234567',
  '+',
  '+1',
  '+1234567890123456',
  '+49 151 234567',
  `${'a'.repeat(250)}@example.com`,
  'a@example.com,b@example.com',
  'ann\ud800@example.com',
])('%j is no user id', async (userId) => {
  const keyId = await client.create('1234')
  const added = await client.addUser(keyId, '1234', userId)
  expect([added.status, added.text]).toEqual([400, invalidRequest])
})

test.each([
  { code: '12345', op: 'verify' },
  { code: 123456, op: 'verify' },
  { code: '１２３４５６', op: 'verify' },
  { op: 'verify' },
  { code: '123456' },
  { code: '123456', op: 'Verify' },
  { code: '123456', op: 'reset-pin', newPin: '12' },
  { code: '123456', op: 'reset-pin', newPin: 1234 },
])('%j is no verification', async (body) => {
  const keyId = await client.create('1234')
  const { status, text } = await client.verify(keyId, newEmail(), body as { code: unknown; op: unknown })
  expect([status, text]).toEqual([400, invalidRequest])
})

test('a code of another user, of another key, for another purpose, and none at all answer alike', async () => {
  const [keyId, other, mail, number] = [
    await client.create('1234'),
    await client.create('1234'),
    newEmail(),
    newPhone(),
  ]
  await client.addUser(keyId, '1234', mail)
  await client.addUser(other, '1234', number)
  const [mine, theirs] = [await codeTo(app, mail, 1), await codeTo(app, number, 1)]
  const tries = [
    await client.verify(keyId, mail, { code: theirs, op: 'verify' }),
    await client.verify(other, mail, { code: mine, op: 'verify' }),
    await client.verify(keyId, mail, { code: mine, op: 'reset-pin' }),
    await client.verify(keyId, newEmail(), { code: mine, op: 'verify' }),
    await client.verify(randomUUID(), mail, { code: mine, op: 'verify' }),
  ]
  for (const { status, text } of tries) expect([status, text]).toEqual([404, invalidParams])
  expect((await client.verify(keyId, mail, { code: mine, op: 'verify' })).status).toBe(200)
})

test.each([
  ['a known user', (known: string) => known],
  ['an unknown one', () => newEmail()],
])('thirty guesses at the codes of %s in a week, at once too, then 429', async (_, whose) => {
  const [keyId, address] = [await client.create('1234'), newEmail()]
  await client.addUser(keyId, '1234', address)
  const code = await codeTo(app, address, 1)
  const guess = code === '000000' ? '000001' : '000000'
  const target = whose(address)
  const answers = await Promise.all(
    Array.from({ length: 80 }, () => client.verify(keyId, target, { code: guess, op: 'verify' })),
  )
  expect(answers.filter(({ status }) => status === 404)).toHaveLength(30)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(50)
  expect((await client.verify(keyId, target, { code, op: 'verify' })).status).toBe(429)
})

test('no address is in the log or in the database', async () => {
  const [keyId, address, number] = [await client.create('1234'), newEmail(), newPhone()]
  await addVerified(app, client, { keyId, pin: '1234', address })
  await addVerified(app, client, { keyId, pin: '1234', address: number })
  await client.askReset(keyId, address)
  const dump = await app.sql(`select row_to_json(u)::text as row from pin_keys.users as u union all
    select row_to_json(j)::text from graphile_worker._private_jobs as j union all select row_to_json(e)::text from audit.events as e`)
  const everything = `${JSON.stringify(dump)}${await app.log()}`
  for (const secret of [address, encodeURIComponent(address), number, number.slice(1)])
    expect(everything).not.toContain(secret)
})
