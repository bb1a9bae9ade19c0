import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, type Person, personOf, startSssLca, type World } from './client.ts'
import { codeTo, messagesTo, newEmail, newShare } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

async function settled(email = newEmail()): Promise<Person> {
  const person = personOf(world, { email })
  await person.put(newShare())
  return person
}

describe('recovery methods', () => {
  test('need a record', async () => {
    const { status, body } = await personOf(world, { email: newEmail() }).addMethod({ type: 'phrase' })
    expect([status, body]).toMatchObject([404, { message: 'User key not found. Set up SSS first.' }])
  })

  test('one of each type, one passkey for each credential; what is added again moves to the end', async () => {
    const ann = await settled()
    const encryptedShare = { encryptedData: 'AAAA', iv: 'BBBB' }
    await ann.addMethod({ type: 'phrase', shareVersion: 1 })
    await ann.addMethod({ type: 'passkey', encryptedShare, credentialId: 'one', shareVersion: '1' })
    await ann.addMethod({ type: 'passkey', encryptedShare: 'as a text', credentialId: 'two' })
    await ann.addMethod({ type: 'phrase', shareVersion: 1 })
    const { recoveryMethods } = (await ann.get()).body as { recoveryMethods: { type: string }[] }
    expect(recoveryMethods).toMatchObject([
      { type: 'passkey', credentialId: 'one', shareVersion: 1 },
      { type: 'passkey', credentialId: 'two' },
      { type: 'phrase', shareVersion: 1 },
    ])
    const read = async (more: Record<string, string>) => (await ann.readMethod({ type: 'passkey', ...more })).body
    expect(await read({ credentialId: 'one' })).toEqual({ encryptedShare, shareVersion: 1 })
    expect(await read({ credentialId: 'two' })).toEqual({ encryptedShare: 'as a text' })
    expect(await read({})).toEqual({ encryptedShare, shareVersion: 1 })
    expect(await read({ credentialId: 'three' })).toBeNull()
    expect((await ann.readMethod({ type: 'phrase', credentialId: 'any' })).body).toEqual({ shareVersion: 1 })
  })

  test('the owner is told of a method that was added, and of one that was read', async () => {
    const email = newEmail()
    const ann = await settled(email)
    await ann.addMethod({ type: 'passkey', credentialId: 'one' })
    await ann.readMethod({ type: 'passkey' })
    const subjects = (await messagesTo(world.app, email, 2)).map(({ subject }) => subject)
    expect(subjects.toSorted()).toEqual([
      'A recovery share of your wallet was read',
      'A way to recover your wallet was added',
    ])
  })
})

const ask = (query: Record<string, string>) =>
  clientOf(world.app.baseUrls[0] ?? '').ask({
    method: 'GET',
    path: `/keys/recovery?${new URLSearchParams(query).toString()}`,
  })

describe('by contact alone, as the documents have it', () => {
  test('a share comes for exactly the contact, the type and the credential; else the same null', async () => {
    const email = newEmail()
    const ann = await settled(email)
    await ann.addMethod({ type: 'passkey', encryptedShare: { encryptedData: 'AAAA', iv: 'BB' }, credentialId: 'cred' })
    const exact = { contactMethodType: 'email', contactMethodValue: email, type: 'passkey', credentialId: 'cred' }
    expect((await ask(exact)).body).toMatchObject({ encryptedShare: { encryptedData: 'AAAA' } })
    const misses = [
      { ...exact, credentialId: 'other' },
      { ...exact, type: 'backup' },
      { ...exact, contactMethodValue: newEmail() },
      { contactMethodType: 'email', contactMethodValue: email, type: 'passkey' },
    ]
    const answers = await Promise.all(misses.map(ask))
    expect(answers.map(({ status, text }) => [status, text])).toEqual(misses.map(() => [200, 'null']))
  })

  test('QUERY_LOOKUP=token wants a login', async () => {
    const strict = await world.app.spawn({ QUERY_LOOKUP: 'token' })
    const query = new URLSearchParams({
      contactMethodType: 'email',
      contactMethodValue: newEmail(),
      type: 'passkey',
    }).toString()
    const { ask: askStrict } = clientOf(strict.baseUrl)
    const answers = await Promise.all(
      ['recovery', 'recovery-email'].map((path) => askStrict({ method: 'GET', path: `/keys/${path}?${query}` })),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
  })
})

describe('the recovery e-mail', () => {
  test('is proved by its code, and shown masked in both spellings', async () => {
    const ann = await settled()
    const address = newEmail()
    expect((await ann.verifyEmail('123456')).body).toMatchObject({
      message: 'No pending verification. Please request a new code.',
    })
    expect((await ann.addEmail(address)).body).toEqual({ success: true })
    const code = await codeTo(world.app, address)
    const wrong = code === '111111' ? '222222' : '111111'
    expect((await ann.verifyEmail(wrong)).body).toMatchObject({ message: 'Incorrect code. Please try again.' })
    const masked = `p${'*'.repeat(address.indexOf('@') - 1)}@example.com`
    expect((await ann.verifyEmail(code)).body).toEqual({
      success: true,
      maskedEmail: masked,
      maskedRecoveryEmail: masked,
    })
    expect((await ann.readEmail()).body).toEqual({ recoveryEmail: masked, maskedRecoveryEmail: masked })
    expect((await ann.get()).body).toMatchObject({ maskedRecoveryEmail: masked })
    expect((await ann.verifyEmail(code)).status).toBe(400)
  })

  test('is not the login’s own, whatever the case', async () => {
    const email = newEmail()
    const ann = await settled(email)
    const { status, body } = await ann.addEmail(email.toUpperCase())
    expect([status, body]).toMatchObject([400, { message: 'Recovery email must be different from your login email.' }])
  })

  test('a newer request makes the code of the one before it worthless', async () => {
    const ann = await settled()
    const [first, second] = [newEmail(), newEmail()]
    for (const address of [first, second]) expect((await ann.addEmail(address)).body).toEqual({ success: true })
    expect((await ann.verifyEmail(await codeTo(world.app, first))).status).toBe(400)
    expect((await ann.verifyEmail(await codeTo(world.app, second))).body).toMatchObject({ success: true })
  })

  test('a mail that nobody takes is reported', async () => {
    const broken = await world.app.spawn({ SMTP_URL: 'smtp://127.0.0.1:1' })
    const ann = personOf(world, { email: newEmail(), baseUrl: broken.baseUrl })
    await ann.put(newShare())
    const { status, body } = await ann.addEmail(newEmail())
    expect([status, body]).toMatchObject([
      500,
      { message: 'Failed to send verification email. Please try again.', code: 'INTERNAL_SERVER_ERROR' },
    ])
    const backup = await ann.backUp({ emailShare: `0001${newShare()}`, email: newEmail() })
    expect([backup.status, backup.body]).toMatchObject([502, { code: 'BAD_GATEWAY' }])
  })
})
