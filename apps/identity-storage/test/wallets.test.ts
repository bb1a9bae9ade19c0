import { Secret, toUtf8 } from '@strongroom/crypto'
import { readVerificationLink, signIn, signUp } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newEmail, startIdentityStorage, textOf, type World } from './client.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage()
})
afterAll(() => world[Symbol.asyncDispose]())

const password = new Secret(toUtf8('a password of the tests'))

describe('a wallet', () => {
  test('is made, verified by the link of the mail, and opened by address and password', async () => {
    const email = newEmail()
    const made = await signUp(world.api, { email, password })
    expect(made.isVerified).toBe(false)
    await expect(signIn(world.api, { email, password })).rejects.toMatchObject({
      status: 403,
      code: 'verification_required',
    })
    await expect.poll(async () => (await world.app.messagesTo(email)).length, { timeout: 10_000 }).toBe(1)
    const [mail] = await world.app.messagesTo(email)
    const link = readVerificationLink(/https?:\S+/.exec(mail?.text ?? '')?.[0] ?? '')
    if (!link) throw new Error('the mail has no link')
    await world.api.verifyWallet(link)
    const opened = await signIn(world.api, { email: email.toUpperCase(), password })
    expect([opened.isVerified, opened.accountId, textOf(opened.id)]).toEqual([true, made.accountId, textOf(made.id)])
  })
})
