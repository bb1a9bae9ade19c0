import { randomUUID } from 'node:crypto'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, invalidParams, invalidRequest, type KeyServerClient, startKeyServer, success } from './client.ts'
import { passTime } from './pass-time.ts'
import { addVerified, freshCode, newEmail, newPhone } from './people.ts'

let app: TestApp
let client: KeyServerClient
beforeAll(async () => {
  app = await startKeyServer()
  client = clientOf(app.baseUrls[0] ?? '')
})
afterAll(() => app.stop())

const keyOf = (text: string) => (JSON.parse(text) as { encryptionKey: string }).encryptionKey
const delayOf = (text: string) => (JSON.parse(text) as { delay: string }).delay
const subjectsTo = async (address: string) =>
  (await app.messagesTo(address)).map(({ subject, text }) => subject || text)
const pass = (interval: string) => passTime(app, interval)

/** A key with one verified user for each address. */
async function keyWith(...addresses: readonly string[]) {
  const keyId = await client.create('1234')
  const key = keyOf((await client.open(keyId, '1234')).text)
  for (const address of addresses) await addVerified(app, client, { keyId, pin: '1234', address })
  return { keyId, key }
}
const budgets = async () => (await app.sql('select from guesses.budgets')).length
const prove = async (keyId: string, address: string, newPin?: string) => {
  const code = await freshCode(app, client, { keyId, address })
  return client.verify(keyId, address, { code, op: 'reset-pin', ...(newPin !== undefined && { newPin }) })
}
/** The newest link in what an address was sent, on this server. */
async function linkTo(address: string, about: string): Promise<string> {
  const found = async () =>
    (await app.messagesTo(address))
      .filter(({ subject, text }) => `${subject}${text}`.includes(about))
      .map(({ text }) => /http\S+(\/v2\/cancel\/[\w-]{43})/.exec(text)?.[1])
      .findLast(Boolean)
  await expect.poll(found, { timeout: 30_000 }).toBeDefined()
  return `${app.baseUrls[0] ?? ''}${(await found()) ?? ''}`
}

test('a forgotten PIN: armed, told, open after thirty days, completed with a new PIN for the same key', async () => {
  const [mail, number] = [newEmail(), newPhone()]
  const { keyId, key } = await keyWith(mail, number)
  const armed = await prove(keyId, mail)
  expect(armed.status).toBe(423)
  expect(armed.text).toBe(`{"message":"Time locked until","delay":"${delayOf(armed.text)}"}`)
  for (const address of [mail, number]) {
    await expect.poll(() => subjectsTo(address)).toContainEqual(expect.stringMatching(/asked to reset the PIN/))
  }
  await pass('29 days 23 hours')
  const early = await prove(keyId, mail, '8642')
  expect([early.status, delayOf(early.text)]).toEqual([423, delayOf(armed.text)])
  await expect.poll(() => subjectsTo(mail)).toContain('The PIN of your key can soon be reset')
  await pass('2 hours')
  // Before it is completed: of a reset that is done nobody is told any more that it could be.
  await expect.poll(() => subjectsTo(mail)).toContain('The PIN of your key can be reset now')
  const done = await prove(keyId, mail, '8642')
  expect([done.status, done.text]).toEqual([200, success])
  expect(keyOf((await client.open(keyId, '8642')).text)).toBe(key)
  expect((await client.open(keyId, '1234')).status).toBe(404)
  await expect.poll(() => subjectsTo(mail)).toContain('The PIN of your key was reset')
  const subjects = await subjectsTo(mail)
  expect(subjects).toHaveLength(new Set(subjects).size + 3)
})

test('the new PIN is wanted at completion: without one the code is kept', async () => {
  const mail = newEmail()
  const { keyId } = await keyWith(mail)
  await prove(keyId, mail)
  await pass('31 days')
  const code = await freshCode(app, client, { keyId, address: mail })
  const missing = await client.verify(keyId, mail, { code, op: 'reset-pin' })
  expect([missing.status, missing.text]).toEqual([400, invalidRequest])
  expect((await client.verify(keyId, mail, { code, op: 'reset-pin', newPin: '8642' })).status).toBe(200)
  expect((await client.verify(keyId, mail, { code, op: 'reset-pin', newPin: '9753' })).status).toBe(404)
})

test('a lock-out is no weapon: with the budget burned, the owner resets all the same, and the counters are clear', async () => {
  const mail = newEmail()
  const { keyId } = await keyWith(mail)
  for (let i = 0; i < 11; i++) await client.open(keyId, '0000')
  expect((await client.open(keyId, '1234')).status).toBe(429)
  await prove(keyId, mail)
  await pass('31 days')
  for (let i = 0; i < 11; i++) await client.open(keyId, '0000')
  expect((await prove(keyId, mail, '8642')).status).toBe(200)
  expect((await client.open(keyId, '8642')).status).toBe(200)
})

test.each([
  ['opening the key', (keyId: string) => client.open(keyId, '1234')],
  ['changing the PIN', (keyId: string) => client.change(keyId, '1234', '1234')],
  ['adding a user', (keyId: string) => client.addUser(keyId, '1234', newEmail())],
  ['cancelling', (keyId: string) => client.cancelReset(keyId, newEmail(), '1234')],
])('a right PIN in between cancels the reset: %s', async (_, proveThePin) => {
  const mail = newEmail()
  const { keyId } = await keyWith(mail)
  const before = delayOf((await prove(keyId, mail)).text)
  expect((await proveThePin(keyId)).status).toBeLessThan(300)
  await expect.poll(() => subjectsTo(mail)).toContain('The reset of your PIN was cancelled')
  await pass('31 days')
  const armedAnew = await prove(keyId, mail, '8642')
  expect(armedAnew.status).toBe(423)
  expect(delayOf(armedAnew.text) > before).toBe(true)
  expect((await client.open(keyId, '8642')).status).toBe(404)
})

test('a wrong PIN cancels nothing', async () => {
  const mail = newEmail()
  const { keyId } = await keyWith(mail)
  await prove(keyId, mail)
  expect((await client.cancelReset(keyId, mail, '9999')).status).toBe(404)
  await pass('31 days')
  expect((await prove(keyId, mail, '8642')).status).toBe(200)
})

test.each(['61 days', '400 days'])('a reset that nobody completed has lapsed after %s', async (interval) => {
  const mail = newEmail()
  const { keyId } = await keyWith(mail)
  await prove(keyId, mail)
  await pass(interval)
  expect((await prove(keyId, mail, '8642')).status).toBe(423)
  await expect.poll(() => subjectsTo(mail)).toContain('The reset of your PIN has lapsed')
  expect((await client.open(keyId, '1234')).status).toBe(200)
})

test('a SIM thief: the owner, who forgot the PIN, stops the reset on day 29 by the link in the mail', async () => {
  const [mail, number] = [newEmail(), newPhone()]
  const { keyId } = await keyWith(mail, number)
  expect((await prove(keyId, number)).status).toBe(423)
  await pass('29 days')
  const link = await linkTo(mail, 'reset')
  const shown = await fetch(link)
  expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(await shown.text()).toContain('<form method="post">')
  const stopped = await fetch(link, { method: 'POST' })
  expect([stopped.status, (await stopped.text()).includes('is cancelled')]).toEqual([200, true])
  for (const method of ['GET', 'POST']) expect((await fetch(link, { method })).status).toBe(404)

  await pass('2 days')
  expect((await prove(keyId, number, '8642')).status).toBe(423)
  await pass('31 days')
  // The thief armed again: one user's code is not enough any more.
  const alone = await prove(keyId, number, '8642')
  expect(alone.status).toBe(423)
  expect((await client.open(keyId, '8642')).status).toBe(404)
})

test('a contested key is completed by codes of two users', async () => {
  const [mail, number] = [newEmail(), newPhone()]
  const { keyId, key } = await keyWith(mail, number)
  await prove(keyId, number)
  await fetch(await linkTo(mail, 'asked to reset'), { method: 'POST' })
  expect((await prove(keyId, mail)).status).toBe(423)
  await pass('31 days')
  expect((await prove(keyId, mail, '8642')).status).toBe(423)
  expect((await prove(keyId, number, '8642')).status).toBe(423)
  const done = await prove(keyId, mail, '8642')
  expect([done.status, done.text]).toEqual([200, success])
  expect(keyOf((await client.open(keyId, '8642')).text)).toBe(key)
})

test('on a contested key a thief cannot ride on the owner’s proof: both must want the same PIN', async () => {
  const [mail, number] = [newEmail(), newPhone()]
  const { keyId } = await keyWith(mail, number)
  await prove(keyId, number)
  await fetch(await linkTo(mail, 'asked to reset'), { method: 'POST' })
  await prove(keyId, number)
  await pass('31 days')
  expect((await prove(keyId, mail, '8642')).status).toBe(423)
  expect((await prove(keyId, number, '6666')).status).toBe(423)
  expect((await client.open(keyId, '6666')).status).toBe(404)
})

test('a lock that was made to open by SQL opens nothing: the token vouches for when it does', async () => {
  const mail = newEmail()
  const { keyId, key } = await keyWith(mail)
  expect((await prove(keyId, mail)).status).toBe(423)
  await app.sql(`update time_locks.locks set armed_at = armed_at - interval '40 days', opens_at = opens_at - interval '40 days'
                  where subject = '${keyId}'`)
  const refused = await prove(keyId, mail, '8642')
  expect([refused.status, refused.text]).toEqual([404, invalidParams])
  expect(keyOf((await client.open(keyId, '1234')).text)).toBe(key)
})

test('a copy of another key, planted by SQL, is refused: the key stays what it was', async () => {
  const [mail, other] = [newEmail(), newEmail()]
  const [{ keyId, key }, planted] = [await keyWith(mail), await keyWith(other)]
  await prove(keyId, mail)
  await pass('31 days')
  await app.sql(`update pin_keys.recovery_copies
                    set envelope = (select envelope from pin_keys.recovery_copies where key_id = '${planted.keyId}')
                  where key_id = '${keyId}'`)
  expect((await prove(keyId, mail, '8642')).status).toBe(404)
  expect(keyOf((await client.open(keyId, '1234')).text)).toBe(key)
})

test('window starvation: codes burned from day 30 on prolong the window by the time that they were blocked', async () => {
  const mail = newEmail()
  const { keyId } = await keyWith(mail)
  await prove(keyId, mail)
  await pass('30 days 1 hour')
  for (let week = 0; week < 5; week++) {
    await Promise.all(
      Array.from({ length: 40 }, () => client.verify(keyId, mail, { code: '000000', op: 'reset-pin', newPin: '6666' })),
    )
    const blocked = await client.verify(keyId, mail, { code: '000000', op: 'reset-pin', newPin: '6666' })
    expect(blocked.status).toBe(429)
    await pass('7 days 1 hour')
  }
  // Five weeks of the thirty days' window are gone, and all of it was blocked.
  expect((await prove(keyId, mail, '8642')).status).toBe(200)
})

test('codes for a reset go to verified users alone', async () => {
  const [known, unverified] = [newEmail(), newEmail()]
  const { keyId } = await keyWith(known)
  await client.addUser(keyId, '1234', unverified)
  for (const [id, address] of [
    [keyId, unverified],
    [keyId, newEmail()],
    [randomUUID(), known],
  ] as const) {
    const { status, text } = await client.askReset(id, address)
    expect([status, text]).toEqual([404, invalidParams])
  }
})

test('an erased key: its resets end, its users are told, its ids are unknown', async () => {
  const mail = newEmail()
  const before = await budgets()
  const { keyId } = await keyWith(mail)
  await prove(keyId, mail)
  expect((await client.erase(keyId, '1234')).status).toBe(200)
  await expect.poll(() => subjectsTo(mail)).toContain('Your key was erased')
  expect((await client.askReset(keyId, mail)).status).toBe(404)
  await pass('31 days')
  expect((await client.verify(keyId, mail, { code: '000000', op: 'reset-pin', newPin: '8642' })).status).toBe(404)
  expect(await budgets()).toBe(before)
  for (const table of ['users where removed_at is null and', 'recovery_copies where', 'completions where']) {
    expect(await app.sql(`select from pin_keys.${table} key_id = '${keyId}'`)).toEqual([])
  }
})

test('an api process without the recovery token serves resets through a worker; without a worker it is 503 and nothing is spent', async () => {
  const apart = await startKeyServer({ processes: 0 })
  try {
    const noRecovery = { RECOVERY_HSM_PIN_FILE: undefined, RECOVERY_HSM_TOKEN_LABEL: undefined }
    const api = await apart.spawn(noRecovery, '--role=api')
    const mine = clientOf(api.baseUrl)
    let worker = await apart.spawn({}, '--role=worker')
    expect(
      (await clientOf(worker.baseUrl).ask({ method: 'POST', path: '/v2/key', body: { pin: '1234' } })).status,
    ).toBe(404)
    const [keyId, address] = [await mine.create('1234'), newEmail()]
    await addVerified(apart, mine, { keyId, pin: '1234', address })
    const code = async () => freshCode(apart, mine, { keyId, address })
    expect((await mine.verify(keyId, address, { code: await code(), op: 'reset-pin' })).status).toBe(423)
    await passTime(apart, '31 days')
    const kept = await code()
    worker.child.kill('SIGKILL')
    const away = await mine.verify(keyId, address, { code: kept, op: 'reset-pin', newPin: '8642' })
    expect([away.status, away.text]).toEqual([503, '{"message":"Service unavailable"}'])
    worker = await apart.spawn({}, '--role=worker')
    // It listens before it works: whoever asks waits for ten seconds and no longer.
    const withdrawn = `select from graphile_worker.jobs where task_identifier = 'pin-keys.complete-reset'`
    await expect.poll(() => apart.sql(withdrawn)).toEqual([])
    const done = await mine.verify(keyId, address, { code: kept, op: 'reset-pin', newPin: '9753' })
    expect([done.status, done.text]).toEqual([200, success])
    expect((await mine.open(keyId, '9753')).status).toBe(200)
  } finally {
    await apart.stop()
  }
})
