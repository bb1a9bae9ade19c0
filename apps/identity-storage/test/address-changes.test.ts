import { Secret, toUtf8 } from '@strongroom/crypto'
import { changeEmail, signIn, signUp } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  askForAddress,
  changeBody,
  changePassword,
  moving,
  newAddress,
  newPassword,
  swap,
  updating,
} from './changes.ts'
import { clientOf, newEmail, refused, startIdentityStorage, told, type World, wrong } from './client.ts'
import { answering, demandIn, enableTotp, passing, passwordProof } from './demands.ts'
import { follow, following, linksTo, messagesTo, subjectsTo } from './mails.ts'
import { bodyOf, newOwner, newWallet, newWalletId, type Owner, passwordOf, walletIn } from './owners.ts'
import { passTime } from './pass-time.ts'
import { recover } from './recoveries.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({
    settings: { EMAIL_VERIFICATION: 'off', REFUSED_EMAIL_DOMAINS: 'refused.example' },
  })
})
afterAll(() => world[Symbol.asyncDispose]())

const open = ({ walletId }: Pick<Owner, 'walletId'>) => world.ask({ path: `/wallets/${walletId}` })
const kdfOf = async ({ email }: Pick<Owner, 'email'>) =>
  (await world.ask({ path: `/kdf?email=${encodeURIComponent(email)}` })).status
const make = (owner: Owner) => world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner) })

/** A wallet whose owner has asked for another address. */
async function asked(): Promise<{ owner: Owner; next: Owner }> {
  const owner = await newWallet(world)
  const next = newAddress(owner, newEmail())
  expect(told(await askForAddress(world, owner, next))).toEqual([204, ''])
  return { owner, next }
}
const wrongToken = wrong('/data/attributes/token', 'invalid token')

test('by the client: the old address signs in until the link of the new one was followed, and then the new one does', async () => {
  const [email, newAddressOf] = [newEmail(), newEmail()]
  const password = new Secret(toUtf8('a password of the tests'))
  const made = await signUp(world.api, { email, password })
  await changeEmail(world.api, made, { newEmail: newAddressOf, password })
  expect((await signIn(world.api, { email, password })).accountId).toBe(made.accountId)
  await expect(signIn(world.api, { email: newAddressOf, password })).rejects.toMatchObject({ status: 404 })
  await follow(world, newAddressOf)
  const opened = await signIn(world.api, { email: newAddressOf.toUpperCase(), password })
  expect([opened.accountId, opened.signer.keyId]).toEqual([made.accountId, made.signer.keyId])
  await expect(signIn(world.api, { email, password })).rejects.toMatchObject({ status: 404 })
})

describe('a new address', () => {
  test('is told by mail to both: the new one to verify, the old one to know', async () => {
    const { owner, next } = await asked()
    await messagesTo(world.app, owner.email, 1)
    const [link] = await linksTo(world.app, next.email)
    expect([await subjectsTo(world.app, owner.email), await subjectsTo(world.app, next.email)]).toEqual([
      ['Somebody wants to change the address of your wallet'],
      ['Verify your new e-mail address'],
    ])
    expect(link?.walletId).toBe(next.walletId)
    const [mail] = await world.app.messagesTo(owner.email)
    for (const part of [link?.token ?? '', next.email, next.walletId]) expect(mail?.text).not.toContain(part)
    await follow(world, next.email)
    await messagesTo(world.app, owner.email, 2)
    expect((await subjectsTo(world.app, owner.email)).at(-1)).toBe('The address of your wallet was changed')
  })

  test('takes effect as a whole when its link was followed: address, id, password, for the same account and signers', async () => {
    const { owner, next } = await asked()
    expect([(await open(owner)).status, told(await open(next)), await kdfOf(next)]).toEqual([200, refused(404), 404])
    expect(told(await follow(world, next.email))).toEqual([204, ''])
    const { status, body } = await open(next)
    const { account_id, email, verified } = walletIn(body).data.attributes
    expect([status, account_id, email, verified]).toEqual([200, owner.accountId, next.email, true])
    expect([told(await open(owner)), await kdfOf(owner), await kdfOf(next)]).toEqual([refused(404), 404, 200])
    expect((await changePassword(world, next)).changed.status).toBe(200)
    // The old address is anybody's now.
    expect((await make(newOwner({ email: owner.email, walletId: owner.walletId }))).status).toBe(201)
  })

  test('needs its own link: of another request, or of the wallet itself, none is good', async () => {
    const { owner, next } = await asked()
    const { next: other } = await asked()
    const [own, hers] = [(await linksTo(world.app, next.email))[0], (await linksTo(world.app, other.email))[0]]
    for (const [walletId, token] of [
      [next.walletId, hers?.token],
      [other.walletId, own?.token],
      [owner.walletId, own?.token],
    ] as const)
      expect(told(await world.ask(following({ walletId, token: token ?? '' })))).toEqual(wrongToken)
    expect((await open(owner)).status).toBe(200)
  })

  test('is the last that was asked for: an earlier link is dead, and its address is free', async () => {
    const { owner, next: first } = await asked()
    const second = newAddress(owner, newEmail())
    expect(told(await askForAddress(world, owner, second))).toEqual([204, ''])
    expect(told(await follow(world, first.email))).toEqual(wrongToken)
    expect((await make(newOwner({ email: first.email, walletId: first.walletId }))).status).toBe(201)
    expect(told(await follow(world, second.email))).toEqual([204, ''])
    expect((await open(second)).status).toBe(200)
  })

  test('waits 128 hours, and keeps address and id from others so long', async () => {
    const { owner, next } = await asked()
    const eve = newOwner({ email: next.email.toUpperCase() })
    expect(told(await make(eve))).toEqual(refused(409))
    expect(told(await make(newOwner({ walletId: next.walletId })))).toEqual(refused(409))
    await linksTo(world.app, next.email)
    await passTime(world.app, '128 hours 1 minute')
    await expect.poll(async () => (await make(eve)).status).toBe(201)
    expect(told(await follow(world, next.email))).toEqual(wrongToken)
    expect((await open(owner)).status).toBe(200)
  })

  test('that was verified in the last hour of them is', async () => {
    const { next } = await asked()
    await passTime(world.app, '127 hours')
    expect(told(await follow(world, next.email))).toEqual([204, ''])
  })

  test.each([
    ['the address', ({ email }: Owner) => ({ email: email.toUpperCase() })],
    ['the id', ({ walletId }: Owner) => ({ walletId })],
  ])('is refused where another wallet has %s, and the one that waits still does', async (_, taken) => {
    const { owner, next } = await asked()
    const bob = await newWallet(world)
    const wish = { ...newAddress(owner, newEmail()), ...taken(bob) }
    expect(told(await askForAddress(world, owner, wish))).toEqual(refused(409))
    expect(told(await follow(world, next.email))).toEqual([204, ''])
    expect((await open(bob)).status).toBe(200)
  })

  test('may be the old one: another id and password by mail', async () => {
    const owner = await newWallet(world)
    const next = newAddress(owner, owner.email)
    expect(told(await askForAddress(world, owner, next))).toEqual([204, ''])
    expect(told(await follow(world, next.email))).toEqual([204, ''])
    expect([(await open(next)).status, (await open(owner)).status]).toEqual([200, 404])
  })
})

describe('what was asked for by a password that is no more', () => {
  test('is void when the password was changed: whoever knew the old one does not get the wallet after all', async () => {
    const { owner, next: eve } = await asked()
    const { next, changed } = await changePassword(world, owner, newPassword(owner))
    expect(changed.status).toBe(200)
    expect(told(await follow(world, eve.email))).toEqual(wrongToken)
    expect([(await open(next)).status, told(await open(eve))]).toEqual([200, refused(404)])
  })

  test('is void when the password changes at the same moment, whichever comes first', async () => {
    for (let round = 0; round < 10; round++) {
      const owner = await newWallet(world)
      const next = newPassword(owner)
      const change = updating(owner, changeBody(next, await swap(world, owner, next)))
      const eves = Array.from({ length: 10 }, () => moving(owner, newAddress(owner, newEmail())))
      for (const one of [change, ...eves]) {
        const demand = demandIn(await world.ask(one), 'password')
        await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
      }
      const inTurn = eves.map(async (eve, index) => {
        await new Promise((resolve) => setTimeout(resolve, 4 * index))
        return world.ask(eve)
      })
      const [changed] = await Promise.all([world.ask(change), ...inTurn])
      expect(changed.status).toBe(200)
      const waiting = await world.app
        .sql(`select c.id from identity.changes c join identity.wallets w on w.id = c.wallet_id
        where w.account_id = '${owner.accountId}'`)
      expect(waiting).toEqual([])
    }
  })

  test('is void when the wallet was recovered', async () => {
    const { owner, next: eve } = await asked()
    const { found } = await recover(world, owner)
    expect(told(await follow(world, eve.email))).toEqual(wrongToken)
    expect((await open(found)).status).toBe(200)
  })
})

describe('who asks', () => {
  test('proves the password, and TOTP where it is enabled', async () => {
    const owner = await newWallet(world)
    const totp = await enableTotp(world, owner)
    const wish = moving(owner, newAddress(owner, newEmail()))
    demandIn(await world.ask(wish), 'password')
    expect(told(await passing(world, wish, { password: owner.factor, totp: totp.secret }))).toEqual([204, ''])
  })

  test.each([
    [
      'a refused domain',
      (next: Owner) => bodyOf({ ...next, email: 'ann@refused.example' }),
      wrong('/data/attributes/email', 'this domain gets no wallets'),
    ],
    [
      'a password’s key that is none',
      (next: Owner) =>
        bodyOf(next, {
          included: [passwordOf(next, { account_id: 'GB65IHVVJOGUYKZLHT3GAZOWHCBMZLQLDJAWXJM5LUXI35LNAHHBQUKA' })],
        }),
      wrong('/included', 'a password’s account_id is no account key'),
    ],
  ])('brings no %s', async (_, body, expected) => {
    const owner = await newWallet(world)
    const next = newAddress(owner, newEmail())
    expect(told(await world.ask({ ...moving(owner, next), body: body(next) }))).toEqual(expected)
  })

  test('has a wallet, and a verified one', async () => {
    const stranger = newOwner()
    expect(told(await world.ask(moving({ walletId: newWalletId() }, stranger)))).toEqual(refused(404))
    const { baseUrl } = await world.app.spawn({ EMAIL_VERIFICATION: 'required' })
    const ask = clientOf(baseUrl)
    const owner = await newWallet({ ask })
    const { status, body } = await ask(moving(owner, newAddress(owner, newEmail())))
    expect([status, body]).toMatchObject([403, { errors: [{ code: 'verification_required' }] }])
  })
})
