import { readVerificationLink, Secret, signIn, signUp } from '@strongroom/identity-client'
import { toUtf8 } from '@strongroom/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newEmail, refused, startIdentityStorage, textOf, told, tooMany, type World, wrong } from './client.ts'
import { follow, following, linksTo, messagesTo, subjectsTo } from './mails.ts'
import { bodyOf, newOwner, newWallet, newWalletId, type Owner, walletIn } from './owners.ts'
import { passTime } from './pass-time.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage()
})
afterAll(() => world[Symbol.asyncDispose]())

const open = ({ walletId }: Owner) => world.ask({ path: `/wallets/${walletId}` })
const resend = ({ walletId }: Pick<Owner, 'walletId'>, body?: unknown) =>
  world.ask({ method: 'POST', path: `/wallets/${walletId}/verification`, ...(body !== undefined && { body }) })
const unverified = ({ walletId }: Owner) =>
  refused(403, {
    detail: 'Wallet verification is required',
    code: 'verification_required',
    meta: { wallet_id: walletId },
  })
const wrongToken = wrong('/data/attributes/token', 'invalid token')

test('by the client: made, verified by the link of the mail, opened by address in any case and password', async () => {
  const [email, password] = [newEmail(), new Secret(toUtf8('a password of the tests'))]
  const made = await signUp(world.api, { email, password })
  expect(made.isVerified).toBe(false)
  await expect(signIn(world.api, { email, password })).rejects.toMatchObject({
    status: 403,
    code: 'verification_required',
  })
  const [link] = await linksTo(world.app, email)
  const read = readVerificationLink(link?.url ?? '')
  if (!read) throw new Error('the link was not read')
  await world.api.verifyWallet(read)
  const opened = await signIn(world.api, { email: email.toUpperCase(), password })
  expect([opened.isVerified, opened.accountId, textOf(opened.id)]).toEqual([true, made.accountId, textOf(made.id)])
})

describe('the link of the mail', () => {
  test('is the client’s address and, behind it, the kind, the wallet and its token: nothing else', async () => {
    const owner = await newWallet(world)
    const [link] = await linksTo(world.app, owner.email)
    const [, payload = ''] = /^http:\/\/127\.0\.0\.1:4210\/r\/([\w-]+)$/.exec(link?.url ?? '') ?? []
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({
      type: 'api-verify',
      meta: { token: expect.stringMatching(/^[0-9a-f]{64}$/) as string, wallet_id: owner.walletId },
    })
  })

  test('opens the wallet, and may be followed twice', async () => {
    const owner = await newWallet(world)
    expect(told(await open(owner))).toEqual(unverified(owner))
    expect(told(await follow(world, owner.email))).toEqual([204, ''])
    const opened = await open(owner)
    expect([opened.status, walletIn(opened.body).data.attributes]).toMatchObject([
      200,
      { verified: true, email: owner.email },
    ])
    expect(told(await follow(world, owner.email))).toEqual([204, ''])
  })

  test('tells when it was sent, once it was', async () => {
    const owner = await newWallet(world)
    await follow(world, owner.email)
    await expect
      .poll(async () => walletIn((await open(owner)).body).data.attributes.last_sent_at)
      .toMatch(/^\d{4}-\d\d-\d\dT/)
  })

  test('needs its own token: one of another wallet, of nobody, or none at all is refused alike', async () => {
    const [owner, eve] = [await newWallet(world), await newWallet(world)]
    const [own, hers] = [(await linksTo(world.app, owner.email))[0], (await linksTo(world.app, eve.email))[0]]
    const token = own?.token ?? ''
    for (const bad of [hers?.token ?? '', 'JOqIgfCNSjnGWDrTPWbW', token.slice(0, -1), `${token}0`, token.toUpperCase()])
      expect(told(await world.ask(following({ walletId: owner.walletId, token: bad })))).toEqual(wrongToken)
    expect(told(await world.ask(following({ walletId: newWalletId(), token })))).toEqual(wrongToken)
    expect(told(await open(owner))).toEqual(unverified(owner))
  })

  test('needs no type, as telephones leave it out', async () => {
    const owner = await newWallet(world)
    const [link] = await linksTo(world.app, owner.email)
    const asked = following({ walletId: owner.walletId, token: link?.token ?? '' })
    expect((await world.ask({ ...asked, body: { data: { attributes: { token: link?.token } } } })).status).toBe(204)
  })
})

describe('another mail', () => {
  test('is sent for the asking, with a body or without, and has the same token', async () => {
    const owner = await newWallet(world)
    await linksTo(world.app, owner.email)
    for (const body of [undefined, {}]) expect(told(await resend(owner, body))).toEqual([204, ''])
    const links = await linksTo(world.app, owner.email, 3)
    expect(new Set(links.map(({ url }) => url)).size).toBe(1)
    expect(await subjectsTo(world.app, owner.email)).toEqual(
      Array.from({ length: 3 }, () => 'Verify your e-mail address'),
    )
  })

  test('is not sent for an address that is verified, or a wallet that nobody made', async () => {
    const owner = await newWallet(world)
    await follow(world, owner.email)
    expect(told(await resend(owner))).toEqual(wrong('', 'the address is verified already'))
    expect(told(await resend({ walletId: newWalletId() }))).toEqual(refused(404))
    expect(await world.app.messagesTo(owner.email)).toHaveLength(1)
  })

  test('is one of twenty a day to one mailbox, however it is spelt', async () => {
    const name = newEmail().replace(/@.*/, '')
    const owner = await newWallet(world, { email: `${name}@example.com` })
    const alias = await newWallet(world, { email: `${name.toUpperCase()}+wallet@example.com` })
    for (let sent = 2; sent < 20; sent++) expect((await resend(sent % 2 === 0 ? owner : alias)).status).toBe(204)
    for (const one of [owner, alias]) expect(told(await resend(one))).toEqual(tooMany)
    // Who signs up gets a wallet, and no mail.
    const late = newOwner({ email: `${name}+late@example.com` })
    expect((await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(late) })).status).toBe(201)
    await messagesTo(world.app, owner.email, 10)
    expect(await world.app.messagesTo(late.email)).toEqual([])
    const stranger = await newWallet(world)
    await messagesTo(world.app, stranger.email, 1)
  })
})

test('a wallet that nobody verified in 128 hours is gone, its address and id are free, its account is no more; a verified one stays', async () => {
  const [kept, lost] = [await newWallet(world), await newWallet(world)]
  await follow(world, kept.email)
  const [link] = await linksTo(world.app, lost.email)
  await passTime(world.app, '127 hours')
  const late = await newWallet(world)
  await passTime(world.app, '61 minutes')
  const kdfOf = ({ email }: Owner) => world.ask({ path: `/kdf?email=${encodeURIComponent(email)}` })
  await expect.poll(async () => (await kdfOf(lost)).status).toBe(404)
  expect([(await kdfOf(kept)).status, (await kdfOf(late)).status, (await open(kept)).status]).toEqual([200, 200, 200])
  // The account goes after the wallet.
  await expect.poll(async () => (await world.ask({ path: `/v3/accounts/${lost.accountId}/signers` })).status).toBe(404)
  expect(told(await world.ask(following({ walletId: lost.walletId, token: link?.token ?? '' })))).toEqual(wrongToken)
  // All but the account's name, which is given to nobody again.
  expect(told(await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(lost) }))).toEqual(refused(409))
  const { email, walletId } = lost
  const again = await newWallet(world, { email, walletId })
  await linksTo(world.app, again.email, 2)
  expect((await follow(world, again.email)).status).toBe(204)
  // The link of the first is none for the second, though address and id are the same.
  const links = await linksTo(world.app, again.email, 2)
  expect(new Set(links.map(({ token }) => token)).size).toBe(2)
})

test('where verification is off, a wallet opens at once and nobody is mailed', async () => {
  const { baseUrl } = await world.app.spawn({ EMAIL_VERIFICATION: 'off' })
  const owner = newOwner()
  const made = await fetch(`${baseUrl}/wallets`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.api+json' },
    body: JSON.stringify(bodyOf(owner)),
  })
  expect([made.status, walletIn(await made.json()).data.attributes.verified]).toEqual([201, true])
  expect((await open(owner)).status).toBe(200)
  const next = await newWallet(world)
  await messagesTo(world.app, next.email, 1)
  expect(await world.app.messagesTo(owner.email)).toEqual([])
})
