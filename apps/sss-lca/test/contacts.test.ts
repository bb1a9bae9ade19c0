import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, personOf, startSssLca, type World } from './client.ts'
import { codeTo, messagesTo, newEmail, newPhone, newShare } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})
const ask = (...asked: Parameters<ReturnType<typeof clientOf>['ask']>) =>
  clientOf(world.app.baseUrls[0] ?? '').ask(...asked)
const sendCode = (email: string) => ask({ path: '/send-login-verification-code', body: { email } })

describe('an e-mail backup', () => {
  test('goes to the account’s own address, in both spellings, and nowhere else', async () => {
    const email = newEmail()
    const ann = personOf(world, { email })
    const share = `000c${newShare()}`
    expect((await ann.backUp({ emailShare: share, email })).body).toEqual({ success: true })
    expect((await ann.backUp({ encryptedShare: share, email, useRecoveryEmail: false })).status).toBe(200)
    const mails = await messagesTo(world.app, email, 2)
    expect(mails.map(({ subject }) => subject)).toEqual(['Your LearnCard recovery key', 'Your LearnCard recovery key'])
    expect(mails[0]?.text).toContain(share)
    expect(await world.app.log()).not.toContain(share.slice(4))
  })

  test('goes to a specified address, unless the operator does not want that', async () => {
    const ann = personOf(world, { email: newEmail() })
    const elsewhere = newEmail()
    const share = { emailShare: `0001${newShare()}`, email: elsewhere }
    expect((await ann.backUp(share)).status).toBe(200)
    const strict = await world.app.spawn({ EMAIL_BACKUP_ANY_ADDRESS: 'false' })
    const there = personOf(world, { email: newEmail(), baseUrl: strict.baseUrl })
    expect((await there.backUp(share)).status).toBe(403)
  })

  test('is five a day for whoever sends, and three for whoever receives', async () => {
    const share = { emailShare: `0001${newShare()}` }
    const sender = personOf(world, { email: newEmail() })
    const sent = []
    for (let n = 0; n < 6; n++) sent.push((await sender.backUp({ ...share, email: newEmail() })).status)
    expect(sent).toEqual([200, 200, 200, 200, 200, 429])
    const victim = newEmail()
    const received = []
    for (let n = 0; n < 4; n++) {
      received.push((await personOf(world, { email: newEmail() }).backUp({ ...share, email: victim })).status)
    }
    expect(received).toEqual([200, 200, 200, 429])
  })

  test.each([
    [{ emailShare: 'click here: https://evil.example', email: 'ann@example.com' }, 'Input validation failed'],
    [{ emailShare: `0001${'ab'.repeat(33)}` }, 'An email address or useRecoveryEmail flag is required.'],
    [{ emailShare: `0001${'ab'.repeat(33)}`, useRecoveryEmail: true }, 'No verified recovery email on file.'],
    [
      { emailShare: `0001${'ab'.repeat(33)}`, useRecoveryEmail: true, email: 'ann@example.com' },
      'Either an email address or the useRecoveryEmail flag, not both.',
    ],
    [{ email: 'ann@example.com' }, 'Input validation failed'],
  ])('%j is refused', async (more, message) => {
    const { status, body } = await personOf(world, { email: newEmail() }).backUp(more)
    expect([status, body]).toMatchObject([400, { message }])
  })

  test('bears the name of the tenant, if the operator knows it', async () => {
    const branded = await world.app.spawn({ BRAND_NAMES: 'learncard=LearnCard,acme=Acme Wallet' })
    const email = newEmail()
    const ann = personOf(world, { email, baseUrl: branded.baseUrl })
    for (const tenant of ['acme', 'unknown']) {
      const body = { ...(await ann.login()), emailShare: `0001${newShare()}`, email }
      await ann.ask({ path: '/keys/email-backup', headers: { 'x-tenant-id': tenant }, body })
    }
    const subjects = (await messagesTo(world.app, email, 2)).map(({ subject }) => subject)
    expect(subjects).toEqual(['Your Acme Wallet recovery key', 'Your LearnCard recovery key'])
  })
})

async function owner() {
  const phone = newPhone()
  const ann = personOf(world, { phone })
  const share = newShare()
  await ann.put(newShare())
  await ann.put(share)
  await ann.addMethod({ type: 'passkey', encryptedShare: 'sealed', credentialId: 'cred', shareVersion: 2 })
  return { phone, ann, share }
}

describe('moving from a phone number to an e-mail address', () => {
  test('takes the record along, links the address, and gives a token to sign in with', async () => {
    const { phone, ann, share } = await owner()
    const email = newEmail()
    const spelledOtherwise = email.replace('person', 'PERSON')
    expect((await sendCode(spelledOtherwise)).body).toEqual({ success: true })
    const code = await codeTo(world.app, spelledOtherwise)
    const { status, body } = await ann.upgrade({ previousPhone: phone, email, code })
    expect(status).toBe(200)
    expect(body).toEqual({ success: true, customToken: expect.any(String) as unknown })
    // The person at the provider now has the address.
    const after = personOf(world, { email, seed: ann.seed })
    expect((await after.get()).body).toMatchObject({ authShare: { encryptedData: share }, shareVersion: 2 })
    expect((await after.readMethod({ type: 'passkey', credentialId: 'cred' })).body).toMatchObject({
      encryptedShare: 'sealed',
    })
    expect((await messagesTo(world.app, phone, 1)).at(-1)?.text).toContain('moved')
    expect((await after.put(newShare())).body).toMatchObject({ shareVersion: 3 })
  })

  test('in the documents’ spelling; a code that a refusal did not use still serves', async () => {
    const { phone, ann } = await owner()
    const email = newEmail()
    await sendCode(email)
    const code = await codeTo(world.app, email)
    const newContactMethod = { type: 'email', value: email }
    const refusedWith = async (old: string) =>
      (await ann.upgrade({ oldContactMethod: { type: 'phone', value: old }, newContactMethod, code })).status
    expect(await refusedWith(newPhone())).toBe(404)
    const { phone: foreign } = await owner()
    expect(await refusedWith(foreign)).toBe(403)
    expect(await refusedWith(phone)).toBe(200)
    expect(await refusedWith(phone)).toBe(400)
  })

  test('an address that has a record is refused, and the record stays where it was', async () => {
    const { phone, ann, share } = await owner()
    const email = newEmail()
    await personOf(world, { email }).put(newShare())
    await sendCode(email)
    const code = await codeTo(world.app, email)
    const { status, body } = await ann.upgrade({ previousPhone: phone, email, code })
    expect([status, body]).toMatchObject([409, { message: 'This email is already associated with another account.' }])
    expect((await ann.get()).body).toMatchObject({ authShare: { encryptedData: share } })
  })

  test('an address that the provider gave to somebody else is refused, and the move taken back', async () => {
    const { phone, ann, share } = await owner()
    const email = newEmail()
    await world.issuer.issueToken({ email })
    await sendCode(email)
    const { status } = await ann.upgrade({ previousPhone: phone, email, code: await codeTo(world.app, email) })
    expect(status).toBe(409)
    expect((await ann.get()).body).toMatchObject({ authShare: { encryptedData: share }, shareVersion: 2 })
    expect((await ann.readMethod({ type: 'passkey' })).body).toMatchObject({ encryptedShare: 'sealed' })
  })

  test('a wrong code is refused before anything is looked for', async () => {
    const { phone, ann } = await owner()
    const { status, body } = await ann.upgrade({ previousPhone: phone, email: newEmail(), code: '123456' })
    expect([status, body]).toMatchObject([400, { message: 'Invalid or expired code. Please try again.' }])
  })
})

test('a login code is traded for a token, once', async () => {
  const email = newEmail()
  await sendCode(email)
  const code = await codeTo(world.app, email)
  const verify = (given: string) => ask({ path: '/verify-login-code', body: { email, code: given } })
  expect((await verify('000000')).body).toMatchObject({ success: false })
  expect((await verify(code)).body).toEqual({ success: true, token: expect.any(String) as unknown })
  expect((await verify(code)).body).toMatchObject({ success: false })
})

test('a code opens no account that somebody else signed up for with the address', async () => {
  const email = newEmail()
  await world.issuer.issueToken({ email, emailVerified: false })
  await sendCode(email)
  const { body } = await ask({ path: '/verify-login-code', body: { email, code: await codeTo(world.app, email) } })
  expect(body).toEqual({ success: false, error: 'This email belongs to an account that never verified it.' })
})
