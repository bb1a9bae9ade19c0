import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { look, makeNobodys, signersOf } from '../../test/identity-look-ups.ts'
import { type Answered, type IdentityWorld, identityWorld, statuses } from '../../test/identity-world.ts'
import { signingKey } from '../../test/signing-key.ts'
import {
  answerTo,
  codeTo,
  demandIn,
  newOwner,
  newPhone,
  newUser,
  signUp,
  verify,
  type WalletOwner,
} from '../../test/wallet-owner.ts'
import { usualPolicies } from '../policies.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const setPhone = ({ account, key }: WalletOwner, phone: string): Promise<Answered> =>
  world.ask('PUT', `/identities/${account}/settings/phone`, { by: key, body: { data: { attributes: { phone } } } })

const setTelegram = ({ account, key }: WalletOwner, username: string): Promise<Answered> =>
  world.ask('PUT', `/identities/${account}/settings/telegram`, {
    by: key,
    body: { data: { attributes: { username } } },
  })

/** Sets the number with the code that was sent there. */
async function provePhone(user: WalletOwner, phone: string): Promise<Answered> {
  const demand = demandIn(await setPhone(user, phone))
  expect(demand.factor_type).toBe('phone')
  expect((await answerTo(world, demand, await codeTo(world, phone))).status).toBe(204)
  return setPhone(user, phone)
}

const setPriority = ({ walletId, key }: WalletOwner, factorId: number, priority: number) =>
  world.ask('PATCH', `/wallets/${walletId}/factors/${String(factorId)}`, {
    by: key,
    body: { data: { attributes: { priority } } },
  })

const phoneFactorOf = async ({ walletId }: WalletOwner): Promise<{ id: number; priority: number }> => {
  const { body } = await world.ask('GET', `/wallets/${walletId}/factors`)
  const { data } = body as { data: { id: string; type: string; attributes: { priority: number } }[] }
  const found = data.find(({ type }) => type === 'phone')
  return { id: Number(found?.id), priority: found?.attributes.priority ?? -1 }
}

const newUsername = (): string => `ann_${signingKey().id.slice(1, 20)}`

describe('a number', () => {
  test('is somebody’s once they brought the code that was sent there', async () => {
    const [user, phone] = [await newUser(world), newPhone()]
    expect((await provePhone(user, phone)).status).toBe(204)
    expect((await look(world, { phone }))[0]?.attributes).toMatchObject({ address: user.account, phone_number: phone })
    expect(world.sentTo(phone)).toEqual([
      { channel: 'sms', to: phone, text: expect.stringMatching(/\d{6}/) as unknown },
    ])
    await expect.poll(() => world.sentTo(user.email).some(({ text }) => text.includes('another number'))).toBe(true)
  })

  test('is not, by a wrong code, nor by the right one for another number or another person', async () => {
    const [user, other, phone] = [await newUser(world), await newUser(world), newPhone()]
    const demand = demandIn(await setPhone(user, phone))
    const code = await codeTo(world, phone)
    const wrong = code === '000000' ? '000001' : '000000'
    expect(await answerTo(world, demand, wrong)).toMatchObject({ status: 400 })
    expect((await answerTo(world, demandIn(await setPhone(other, phone)), code)).status).toBe(400)
    expect((await answerTo(world, demand, code)).status).toBe(204)
    demandIn(await setPhone(user, newPhone()))
    expect(await look(world, { phone })).toEqual([])
    expect((await setPhone(user, phone)).status).toBe(204)
    demandIn(await setPhone(user, phone))
  })

  test('gets no code where nobody verified the wallet, nor a word on whose it is', async () => {
    const [user, stranger, phone, taken] = [
      await newUser(world),
      await signUp(world, newOwner()),
      newPhone(),
      newPhone(),
    ]
    await provePhone(user, taken)
    const sent = world.sentTo(taken).length
    for (const to of [phone, taken]) {
      const refused = await setPhone(stranger, to)
      expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('"verification_required"')])
      expect(refused.text).not.toContain(stranger.walletId)
    }
    const refused = await setTelegram(stranger, newUsername())
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('"verification_required"')])
    const marker = newPhone()
    demandIn(await setPhone(user, marker))
    await codeTo(world, marker)
    expect([world.sentTo(phone), world.sentTo(taken).length]).toEqual([[], sent])
    expect((await verify(world, stranger)).status).toBe(204)
    expect((await provePhone(stranger, phone)).status).toBe(204)
  })

  test('of another person is refused before anything is sent there', async () => {
    const [user, other, phone] = [await newUser(world), await newUser(world), newPhone()]
    await provePhone(user, phone)
    const sent = world.sentTo(phone).length
    expect(await setPhone(other, phone)).toMatchObject({ status: 409 })
    expect(world.sentTo(phone)).toHaveLength(sent)
  })

  test('that several prove at once is one’s', async () => {
    const users = await Promise.all([1, 2, 3, 4].map(() => newUser(world)))
    const phone = newPhone()
    for (const [index, user] of users.entries()) {
      const demand = demandIn(await setPhone(user, phone))
      expect((await answerTo(world, demand, await codeTo(world, phone, index + 1))).status).toBe(204)
    }
    const set = await Promise.all(users.map((user) => setPhone(user, phone)))
    expect(statuses(set)).toEqual([204, 409, 409, 409])
    expect(await look(world, { phone })).toHaveLength(1)
  })

  test('for which an account was made brings that account with it', async () => {
    const [user, phone] = [await newUser(world), newPhone()]
    const nobodys = await makeNobodys(world, { phone_number: phone })
    demandIn(await setPhone(user, phone))
    expect(await signersOf(world, nobodys)).not.toContain(user.key.id)
    const demand = demandIn(await setPhone(user, phone))
    expect((await answerTo(world, demand, await codeTo(world, phone, 2))).status).toBe(204)
    expect((await setPhone(user, phone)).status).toBe(204)
    expect(await signersOf(world, nobodys)).toEqual([user.key.id])
    expect((await look(world, { phone })).map(({ attributes }) => attributes.address)).toEqual([user.account])
    expect((await look(world, { address: nobodys }))[0]?.attributes.status).toBe('active')
  })

  test('takes the place of the one before, which leads nowhere then', async () => {
    const [user, before, phone] = [await newUser(world), newPhone(), newPhone()]
    await provePhone(user, before)
    expect((await provePhone(user, phone)).status).toBe(204)
    expect(await look(world, { phone: before })).toEqual([])
    expect((await look(world, { phone }, user.key))[0]?.attributes).toMatchObject({
      email: user.email,
      phone_number: phone,
    })
  })

  test('gets so many codes a day, whoever asks', async () => {
    world.serveWith({ policies: { ...usualPolicies, smsPerDay: { ...usualPolicies.smsPerDay, recipient: 1 } } })
    const [users, phone] = [[await newUser(world), await newUser(world)], newPhone()]
    for (const user of users) demandIn(await setPhone(user, phone))
    await codeTo(world, phone)
    const marker = newPhone()
    demandIn(await setPhone(users[0] as WalletOwner, marker))
    await codeTo(world, marker)
    expect(world.sentTo(phone)).toHaveLength(1)
  })

  test.each(['380501234567', '+0501234567', '+38050', `+${'1'.repeat(16)}`])('%s is none', async (phone) => {
    const refused = await setPhone(await newUser(world), phone)
    expect([refused.status, refused.body]).toMatchObject([
      400,
      { errors: [{ meta: { field: '/data/attributes/phone' } }] },
    ])
  })
})

describe('where codes are sent', () => {
  test('is the number that was proved, once its owner enables it', async () => {
    const [user, phone] = [await newUser(world), newPhone()]
    await provePhone(user, phone)
    const { id } = await phoneFactorOf(user)
    const demand = demandIn(await setPriority(user, id, 99))
    expect((await answerTo(world, demand, await codeTo(world, phone, 2))).status).toBe(204)
    expect((await setPriority(user, id, 99)).status).toBe(204)
    expect((await phoneFactorOf(user)).priority).toBe(99)
  })

  test('moves by the password as well once it is enabled, and stays enabled', async () => {
    const [user, before, phone] = [await newUser(world), newPhone(), newPhone()]
    await provePhone(user, before)
    const { id } = await phoneFactorOf(user)
    const enabling = demandIn(await setPriority(user, id, 99))
    await answerTo(world, enabling, await codeTo(world, before, 2))
    await setPriority(user, id, 99)

    const first = demandIn(await setPhone(user, phone))
    expect([first.factor_type, world.sentTo(phone)]).toEqual(['password', []])
    expect((await answerTo(world, first, user.password.sign(first.token))).status).toBe(204)
    const second = demandIn(await setPhone(user, phone))
    expect(second.factor_type).toBe('phone')
    expect((await answerTo(world, second, await codeTo(world, phone))).status).toBe(204)
    expect((await setPhone(user, phone)).status).toBe(204)
    expect((await phoneFactorOf(user)).priority).toBe(99)
  })

  test('is asked for by a wallet’s name of the moment: a key that signs does not learn what opens the wallet', async () => {
    const [user, phone] = [await newUser(world), newPhone()]
    const demand = demandIn(await setPhone(user, phone))
    expect(demand.wallet_id).toMatch(/^[0-9a-f]{64}$/)
    expect(demand.wallet_id).not.toBe(user.walletId)
    expect((await world.ask('GET', `/wallets/${demand.wallet_id}`)).status).toBe(404)
    const code = await codeTo(world, phone)
    const another = { ...demand, wallet_id: (await newUser(world)).walletId }
    expect((await answerTo(world, another, code)).status).toBe(404)
    // Clients that know their own id put that in its place.
    expect((await answerTo(world, { ...demand, wallet_id: user.walletId }, code)).status).toBe(204)
  })
})

describe('a username on Telegram', () => {
  test('is somebody’s once they brought the code that the bot sent, however it is written', async () => {
    const [user, username] = [await newUser(world), newUsername()]
    const asked = await setTelegram(user, `@${username}`)
    const demand = demandIn(asked)
    expect(asked.body).toMatchObject({
      errors: [{ meta: { factor_type: 'telegram', bot_url: 'https://t.example.com/bot' } }],
    })
    expect((await answerTo(world, demand, await codeTo(world, username))).status).toBe(204)
    expect((await setTelegram(user, `@${username}`)).status).toBe(204)
    for (const text of [username, `@${username}`, username.toUpperCase()]) {
      const [found] = await look(world, { telegram_username: text })
      expect(found?.attributes).toMatchObject({ address: user.account, telegram_username: text })
    }
    expect((await look(world, { address: user.account }, user.key))[0]?.attributes.telegram_username).toBe(username)
    expect(await setTelegram(await newUser(world), username.toUpperCase())).toMatchObject({ status: 409 })
  })

  test('is nobody’s where there is no bot', async () => {
    world.serveWith({ messenger: undefined })
    const refused = await setTelegram(await newUser(world), newUsername())
    expect([refused.status, refused.body]).toEqual([501, { errors: [{ title: 'Not Implemented', status: '501' }] }])
  })
})

describe('a passport', () => {
  test('is what its owner says, and others may say the same', async () => {
    const [one, two] = [await newUser(world), await newUser(world)]
    const body = { data: { attributes: { passport: 'CD 7654321' } } }
    for (const { account, key } of [one, two])
      expect((await world.ask('PUT', `/identities/${account}/settings/passport`, { by: key, body })).status).toBe(204)
    const found = await look(world, { passport: 'CD 7654321' })
    expect(found.map(({ attributes }) => attributes.address)).toEqual([two.account, one.account])
    expect(found.every(({ attributes }) => attributes.passport === undefined)).toBe(true)
  })
})

test('who has no wallet has nothing that could be verified', async () => {
  const [account, key] = [signingKey(), signingKey()]
  const relationships = { signers: { data: [{ id: key.id, type: 'signer' }] } }
  expect((await world.ask('POST', '/accounts', { body: { data: { id: account.id, relationships } } })).status).toBe(201)
  const body = { data: { attributes: { phone: newPhone() } } }
  expect((await world.ask('PUT', `/identities/${account.id}/settings/phone`, { by: key, body })).status).toBe(404)
})
