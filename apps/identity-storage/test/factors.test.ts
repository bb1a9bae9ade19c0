import { Secret, toUtf8 } from '@strongroom/crypto'
import { type FactorDemand, signFactorToken } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refused, startIdentityStorage, tally, told, type World, wrong } from './client.ts'
import {
  answering,
  demandIn,
  enableTotp,
  factorsOf,
  forgetSteps,
  mailedCode,
  newTotp,
  passing,
  passwordProof,
  setting,
  totpCode,
} from './demands.ts'
import { messagesTo, subjectsTo } from './mails.ts'
import { newWallet, newWalletId, type Owner } from './owners.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off', TOTP_ISSUER: 'A Vault' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const create = ({ walletId, signer }: Owner, type: string) => ({
  method: 'POST',
  path: `/wallets/${walletId}/factors`,
  by: signer,
  body: { data: { type } },
})
const deleting = ({ walletId, signer }: Owner, factorId: string) => ({
  method: 'DELETE',
  path: `/wallets/${walletId}/factors/${factorId}`,
  by: signer,
})
const open = ({ walletId }: Pick<Owner, 'walletId'>) => world.ask({ path: `/wallets/${walletId}` })
const typesOf = async (owner: Owner) =>
  (await factorsOf(world.ask, owner)).map(({ type, attributes: { priority } }) => [type, priority])
const passwordOf = async (owner: Owner) => (await factorsOf(world.ask, owner)).find(({ type }) => type === 'password')

describe('the list', () => {
  test('has the password of a new wallet, by a text for its id, and needs no signature', async () => {
    const owner = await newWallet(world)
    const { status, text } = await world.ask({ path: `/wallets/${owner.walletId}/factors` })
    const [factor] = await factorsOf(world.ask, owner)
    const data = [{ id: factor?.id, type: 'password', attributes: { priority: 100 } }]
    expect([status, text, factor?.id]).toEqual([200, JSON.stringify({ data }), expect.stringMatching(/^\d+$/)])
  })

  test('is ordered, the highest priority first', async () => {
    const owner = await newWallet(world)
    const totp = await newTotp(world, owner)
    expect(await typesOf(owner)).toEqual([
      ['password', 100],
      ['totp', 0],
    ])
    await passing(world, setting(owner, totp.id, 1000), { totp: totp.secret })
    expect(await typesOf(owner)).toEqual([
      ['totp', 1000],
      ['password', 100],
    ])
  })

  test('of a wallet that nobody made is 404', async () => {
    expect(told(await world.ask({ path: `/wallets/${newWalletId()}/factors` }))).toEqual(refused(404))
  })
})

describe('TOTP', () => {
  test('is made by the owner who proves the password: its secret is told once, in both forms that clients read', async () => {
    const owner = await newWallet(world)
    const made = await passing(world, create(owner, 'totp'), { password: owner.factor })
    const { data } = made.body as { data: { id: string; attributes: { secret: string; seed: string } } }
    const { secret, seed } = data.attributes
    expect([made.status, secret]).toEqual([201, expect.stringMatching(/^[A-Z2-7]{32}$/)])
    expect(made.text).toBe(
      JSON.stringify({ data: { id: data.id, type: 'backend', attributes: { type: 'totp', secret, seed } } }),
    )
    const uri = new URL(seed)
    expect([uri.protocol, uri.host, decodeURIComponent(uri.pathname)]).toEqual([
      'otpauth:',
      'totp',
      `/A Vault:${owner.email}`,
    ])
    expect([uri.searchParams.get('secret'), uri.searchParams.get('issuer')]).toEqual([secret, 'A Vault'])
    for (const [name, usual] of [
      ['algorithm', 'SHA1'],
      ['digits', '6'],
      ['period', '30'],
    ] as const)
      expect(uri.searchParams.get(name) ?? usual).toBe(usual)
    const rows = JSON.stringify(await world.app.sql('select f::text as row from identity.factors as f'))
    expect(rows).not.toContain(secret)
  })

  test('is asked for when it was enabled, and not before', async () => {
    const owner = await newWallet(world)
    const totp = await newTotp(world, owner)
    expect((await open(owner)).status).toBe(200)
    expect(told(await passing(world, setting(owner, totp.id, 101), { totp: totp.secret }))).toEqual([204, ''])
    demandIn(await open(owner), 'totp')
    expect((await passing(world, { path: `/wallets/${owner.walletId}` }, { totp: totp.secret })).status).toBe(200)
  })

  test('is enabled by its own code alone', async () => {
    const owner = await newWallet(world)
    const totp = await newTotp(world, owner)
    const demand = demandIn(await world.ask(setting(owner, totp.id, 101)), 'totp')
    expect(String(demand.factor_id)).toBe(totp.id)
    expect((await world.ask(answering(demand, await passwordProof(demand, owner.factor)))).status).toBe(400)
    demandIn(await world.ask(setting(owner, totp.id, 101)), 'totp')
  })

  test('is disabled by the priority 0, which the original could not read', async () => {
    const owner = await newWallet(world)
    const totp = await enableTotp(world, owner)
    expect(told(await passing(world, setting(owner, totp.id, 0), { totp: totp.secret }))).toEqual([204, ''])
    expect(await typesOf(owner)).toEqual([
      ['password', 100],
      ['totp', 0],
    ])
    expect((await open(owner)).status).toBe(200)
  })

  test('is one to a wallet: a second is 409, enabled or not, and demands nothing first', async () => {
    const owner = await newWallet(world)
    const totp = await newTotp(world, owner)
    expect(told(await world.ask(create(owner, 'totp')))).toEqual(refused(409))
    await passing(world, setting(owner, totp.id, 101), { totp: totp.secret })
    expect(told(await world.ask(create(owner, 'totp')))).toEqual(refused(409))
  })

  test('of ten at once that proved the password is one', async () => {
    const owner = await newWallet(world)
    const agents = Array.from({ length: 10 }, (_, index) => ({ 'user-agent': `telephone ${String(index)}` }))
    const asked = agents.map((headers) => ({ ...create(owner, 'totp'), headers }))
    for (const one of asked) {
      const demand = demandIn(await world.ask(one), 'password')
      await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
    }
    const answers = await Promise.all(asked.map((one) => world.ask(one)))
    expect(tally(answers)).toEqual({ 201: 1, 409: 9 })
  })

  test('that is enabled is deleted by the password, one that is not by the owner alone', async () => {
    const owner = await newWallet(world)
    const unused = await newTotp(world, owner)
    expect(told(await world.ask(deleting(owner, unused.id)))).toEqual([204, ''])
    const totp = await enableTotp(world, owner)
    demandIn(await world.ask(deleting(owner, totp.id)), 'password')
    expect(told(await passing(world, deleting(owner, totp.id), { password: owner.factor }))).toEqual([204, ''])
    expect(await typesOf(owner)).toEqual([['password', 100]])
    expect((await open(owner)).status).toBe(200)
    expect(told(await world.ask(deleting(owner, totp.id)))).toEqual(refused(404))
  })
})

describe('the password', () => {
  test('is made with its wallet: another is 409', async () => {
    const owner = await newWallet(world)
    expect(told(await world.ask(create(owner, 'password')))).toEqual(refused(409))
  })

  test('cannot be disabled, nor deleted; its priority may change', async () => {
    const owner = await newWallet(world)
    const { id = '' } = (await passwordOf(owner)) ?? {}
    const disabled = wrong('/data/attributes/priority', 'a password cannot be disabled')
    expect(told(await world.ask(setting(owner, id, 0)))).toEqual(disabled)
    expect(told(await world.ask(deleting(owner, id)))).toEqual(wrong('factorId', 'a password cannot be deleted'))
    expect(told(await passing(world, setting(owner, id, 7), { password: owner.factor }))).toEqual([204, ''])
    expect(await typesOf(owner)).toEqual([['password', 7]])
  })
})

describe('e-mail', () => {
  test('is a factor by a code that the wallet’s address is mailed', async () => {
    const owner = await newWallet(world)
    const made = await passing(world, create(owner, 'email'), { password: owner.factor })
    const { id } = (made.body as { data: { id: string } }).data
    expect(told(made)).toEqual([201, JSON.stringify({ data: { id, type: 'backend', attributes: { type: 'email' } } })])
    const demand = demandIn(await world.ask(setting(owner, id, 50)), 'email')
    const code = await mailedCode(world, owner.email)
    const another = code === '000000' ? '000001' : '000000'
    expect(told(await world.ask(answering(demand, another)))).toEqual(wrong('/data/attributes/otp', 'invalid'))
    expect(told(await world.ask(answering(demand, code)))).toEqual([204, ''])
    expect(told(await world.ask(setting(owner, id, 50)))).toEqual([204, ''])
    expect(await typesOf(owner)).toEqual([
      ['password', 100],
      ['email', 50],
    ])
    expect(told(await world.ask(create(owner, 'email')))).toEqual(refused(409))
  })

  test('is put before the password by who proves both, one after the other, as the client does', async () => {
    const owner = await newWallet(world)
    const made = await passing(world, create(owner, 'email'), { password: owner.factor })
    const { id } = (made.body as { data: { id: string } }).data
    const wallet = { ...owner, id: new Secret(toUtf8(owner.walletId)) }
    const demanded: string[] = []
    const answer = async ({ factorType, token }: FactorDemand): Promise<Secret> => {
      demanded.push(factorType)
      if (factorType === 'password') return signFactorToken(owner.factor, token)
      return new Secret(toUtf8(await mailedCode(world, owner.email)))
    }
    await world.api.withFactor((proven) => proven.factors.setPriority(wallet, id, 100), answer)
    expect(demanded).toEqual(['password', 'email'])
    expect(await typesOf(owner)).toContainEqual(['email', 100])
  })

  test('has a code for one request, which is none for another', async () => {
    const owner = await newWallet(world)
    const made = await passing(world, create(owner, 'email'), { password: owner.factor })
    const { id } = (made.body as { data: { id: string } }).data
    demandIn(await world.ask(setting(owner, id, 1)), 'email')
    const first = await mailedCode(world, owner.email)
    const other = demandIn(await world.ask(setting(owner, id, 2)), 'email')
    await expect.poll(() => mailedCode(world, owner.email, 2)).toMatch(/^\d{6}$/)
    expect(told(await world.ask(answering(other, first)))).toEqual(wrong('/data/attributes/otp', 'invalid'))
  })
})

describe('whoever is not the owner', () => {
  test.each(['create', 'set', 'delete'] as const)('may not %s a factor, and learns no more than that', async (what) => {
    const [owner, eve] = [await newWallet(world), await newWallet(world)]
    const totp = await newTotp(world, owner)
    const asked = {
      create: create(owner, 'email'),
      set: setting(owner, totp.id, 0),
      delete: deleting(owner, totp.id),
    }[what]
    for (const by of [eve.signer, owner.factor, world.admin])
      expect(told(await world.ask({ ...asked, by }))).toEqual(refused(401))
    const { by: _, ...unsigned } = asked
    expect(told(await world.ask(unsigned))).toEqual(refused(401))
    expect(await typesOf(owner)).toEqual([
      ['password', 100],
      ['totp', 0],
    ])
  })

  test('is told 404 for a wallet that nobody made', async () => {
    const owner = await newWallet(world)
    const nobody = { ...owner, walletId: newWalletId() }
    for (const asked of [create(nobody, 'totp'), setting(nobody, '1', 1), deleting(nobody, '1')])
      expect(told(await world.ask(asked))).toEqual(refused(404))
  })
})

const twoOwners = async () => {
  const [owner, eve] = [await newWallet(world), await newWallet(world)]
  const totp = await enableTotp(world, owner)
  const hers = await enableTotp(world, eve)
  return { owner, eve, totp, hers }
}

describe('a factor of another wallet, by the address of one’s own,', () => {
  test('is neither set nor deleted: 404, whatever was verified', async () => {
    const { owner, eve, totp } = await twoOwners()
    for (const asked of [setting(eve, totp.id, 0), setting(eve, totp.id, 5), deleting(eve, totp.id)])
      expect(told(await world.ask(asked))).toEqual(refused(404))
    demandIn(await open(owner), 'totp')
  })

  test('is not verified there: neither by her token nor by the owner’s, and no guess is spent', async () => {
    const { owner, eve, totp, hers } = await twoOwners()
    const [own, her] = [demandIn(await open(owner), 'totp'), demandIn(await open(eve), 'totp')]
    await forgetSteps(world)
    const code = await totpCode(totp.secret)
    const hersNow = await totpCode(hers.secret)
    const charged = () => world.app.sql(`select kind, subject, charged from guesses.budgets order by 1, 2`)
    const before = await charged()
    for (const token of [own.token, her.token])
      for (const otp of [code, hersNow]) {
        const foreign = { token, factor_id: Number(totp.id), factor_type: 'totp', wallet_id: eve.walletId }
        expect(told(await world.ask(answering(foreign, otp)))).toEqual(refused(404))
      }
    const mixed = { ...own, wallet_id: eve.walletId, factor_id: Number(hers.id) }
    for (const otp of [code, hersNow])
      expect(told(await world.ask(answering(mixed, otp)))).toEqual(wrong('/data/attributes/token', 'invalid token'))
    expect(await charged()).toEqual(before)
    demandIn(await open(owner), 'totp')
    expect(told(await world.ask(answering(own, code)))).toEqual([204, ''])
  })
})

test('the owner is told of each change by mail', async () => {
  const owner = await newWallet(world)
  const totp = await enableTotp(world, owner)
  await passing(world, setting(owner, totp.id, 0), { totp: totp.secret })
  await world.ask(deleting(owner, totp.id))
  await messagesTo(world.app, owner.email, 4)
  expect((await subjectsTo(world.app, owner.email)).toSorted()).toEqual([
    'A second factor of your wallet was deleted',
    'A second factor of your wallet was disabled',
    'A second factor was enabled for your wallet',
    'A second factor was prepared for your wallet',
  ])
})
