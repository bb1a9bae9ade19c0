import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newUser } from './callers.ts'
import { clientOf, newEmail, refused, startIdentityStorage, tally, told, tooMany, type World } from './client.ts'
import { answering, demandIn } from './demands.ts'
import { codesTo, follow } from './mails.ts'
import { bodyOf, newOwner, newWallet, type Owner, walletIn } from './owners.ts'
import { asking, blob, linksIn, listIn, newPhone, resourceIn } from './resources.ts'
import { newNobody } from './scene.ts'
import { signersOf } from './transactions.ts'

let world: World
let ann: Owner
let bob: Owner
beforeAll(async () => {
  world = await startIdentityStorage()
  ann = await newUser(world)
  bob = await newUser(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const get = (path: string, by?: Owner['signer']) => world.ask(asking(['GET', path], undefined, by))
const one = (attributes: object) => ({ data: { type: 'identity', attributes } })
const look = async (name: string, text: string, by?: Owner['signer']) =>
  listIn(await get(`/identities?filter[${name}]=${encodeURIComponent(text)}`, by)).map(({ attributes }) => attributes)

describe('GET /identities', () => {
  test('tells anybody whose account it is, and of the person nothing but what they asked by', async () => {
    const known = { address: ann.accountId, status: 'active', phone_number: null, telegram_username: null }
    for (const by of [undefined, bob.signer]) {
      for (const name of ['email', 'identifier']) {
        expect(await look(name, ann.email, by)).toEqual([{ ...known, email: ann.email }])
        expect(await look(name, ann.email.toUpperCase(), by)).toMatchObject([{ address: ann.accountId }])
      }
      expect(await look('address', ann.accountId, by)).toEqual([{ ...known, email: null }])
    }
    expect(await look('email', newEmail())).toEqual([])
  })

  test('tells owners all of themselves, and administrators all of everybody, by GET /identities/full too', async () => {
    const passport = { data: { attributes: { passport: 'AB 123' } } }
    const path = `/identities/${ann.accountId}/settings/passport`
    expect(told(await world.ask(asking(['PUT', path], passport, ann.signer)))).toEqual([204, ''])
    const all = {
      address: ann.accountId,
      email: ann.email,
      phone_number: null,
      telegram_username: null,
      status: 'active',
      passport: 'AB 123',
      updated_at: expect.stringMatching(/Z$/) as unknown,
    }
    for (const by of [ann.signer, world.admin]) expect(await look('address', ann.accountId, by)).toEqual([all])
    const full = await get(`/identities/full?filter[address]=${ann.accountId}`, world.admin)
    expect(listIn(full).map(({ attributes }) => attributes)).toEqual([all])
    expect((await look('address', ann.accountId, bob.signer))[0]).not.toHaveProperty('passport')
  })

  test('needs a filter of all but administrators', async () => {
    for (const by of [undefined, ann.signer])
      for (const path of ['/identities', '/identities?page[limit]=1', '/identities?filter[email]='])
        expect([(await get(path, by)).status, (await get(path, by)).text]).toEqual([
          400,
          expect.stringContaining('"field":"filter"'),
        ])
  })

  test('has links by which administrators come through all, newest first, each once', async () => {
    for (const _ of [1, 2, 3]) await newNobody(world)
    for (const from of ['/identities', '/identities/full']) {
      const seen: string[] = []
      let path: string | undefined = `${from}?page[limit]=2`
      while (path) {
        expect(path.startsWith(`${from}?`)).toBe(true)
        const page = await get(path, world.admin)
        expect(listIn(page).length).toBeLessThanOrEqual(2)
        seen.push(...listIn(page).map(({ id }) => id))
        path = linksIn(page)['next']
      }
      const whole = listIn(await get(`${from}?page[limit]=100`, world.admin)).map(({ id }) => id)
      expect(seen).toEqual(whole)
      expect(seen.length).toBeGreaterThan(4)
    }
  })
})

describe('POST /identities', () => {
  test('makes an account for an address or a number, once, which whoever verifies the address is given', async () => {
    const [email, phone] = [newEmail(), newPhone()]
    const account = await newNobody(world, { email })
    const byPhone = await newNobody(world, { phone_number: phone })
    expect(await look('email', email)).toMatchObject([{ address: account, status: 'unregistered' }])
    expect(await look('phone', phone)).toMatchObject([{ address: byPhone, status: 'unregistered' }])
    for (const attributes of [{ email: email.toUpperCase() }, { phone_number: phone }, { email: ann.email }])
      expect(told(await world.ask(asking(['POST', '/identities'], one(attributes))))).toEqual(refused(409))
    const owner = await newWallet(world, { email })
    expect(await look('email', email)).toMatchObject([{ address: account, status: 'unregistered' }])
    await follow(world, email)
    const [found] = await look('email', email)
    expect(found).toEqual({ address: account, email, phone_number: null, telegram_username: null, status: 'active' })
    expect(await signersOf(world.ask, account)).toEqual([owner.signer.keyId])
  })

  test('and POST /identities/mass-create make many, and tell which addresses wallets keep', async () => {
    const waiting = await newWallet(world)
    for (const path of ['/identities', '/identities/mass-create']) {
      const [email, phone] = [newEmail(), newPhone()]
      const data = [{ email }, { phone_number: phone }, { email: ann.email }, { email: waiting.email }]
      const made = await world.ask(
        asking(['POST', path], { data: data.map((attributes) => ({ attributes })) }, world.admin),
      )
      const [, ...known] = data.map(({ email: address, phone_number: number }) => address ?? number)
      expect([
        made.status,
        listIn(made).map(({ attributes }) => attributes['email'] ?? attributes['phone_number']),
      ]).toEqual([200, [email, ...known]])
      expect(made.body).toHaveProperty('meta.skipped', [])
    }
  })

  test('and POST /accounts are for so many an hour from one address', async () => {
    const few = await world.app.spawn({ CREATIONS_PER_ADDRESS: '3' })
    const ask = clientOf(few.baseUrl)
    const answers = []
    for (const make of [accounts, identities, identities, accounts, identities]) answers.push(await ask(make()))
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 429, 429])
    expect(answers.slice(3).map(told)).toEqual([tooMany, tooMany])
  })
})

const account = (id: string, key = signerOf(newSeed()).keyId) => ({
  data: { id, type: 'identity-account', relationships: { signers: { data: [{ id: key, type: 'signer' }] } } },
  included: [{ id: key, type: 'signer', attributes: { role_id: 2, weight: 1000, identity: 0 } }],
})

const accounts = () => asking(['POST', '/accounts'], account(signerOf(newSeed()).keyId))
const identities = () => asking(['POST', '/identities'], one({ email: newEmail() }))

test('POST /accounts makes one with its signers, for which they sign from then on; another of that address is refused', async () => {
  const [address, signer] = [signerOf(newSeed()).keyId, signerOf(newSeed())]
  const asked = asking(['POST', '/accounts'], account(address, signer.keyId))
  const twice = await Promise.all([world.ask(asked), world.ask(asking(['POST', '/accounts'], account(address)))])
  expect(tally(twice)).toEqual({ 201: 1, 409: 1 })
  const [key = ''] = await signersOf(world.ask, address)
  expect(twice.find(({ status }) => status === 201)?.text).toContain(key)
  expect(await look('address', address)).toMatchObject([{ address, status: 'active' }])
  for (const taken of [ann.accountId, world.admin.keyId])
    expect(told(await world.ask(asking(['POST', '/accounts'], account(taken))))).toEqual(refused(409))
})

test('POST /identities/{address}/signers lets a service act for what is nobody’s, and no longer than that', async () => {
  const email = newEmail()
  const [address, service] = [await newNobody(world, { email }), signerOf(newSeed())]
  const data = { id: service.keyId, type: 'identity-signer', attributes: { role_id: 2, weight: 1000, identity: 7 } }
  const added = await world.ask(asking(['POST', `/identities/${address}/signers`], { data }, world.admin))
  expect([added.status, added.body]).toEqual([201, { data }])
  const path = `/accounts/${address}/blobs`
  const kept = asking(['POST', path], blob('alpha', 'by the service'), service)
  expect((await world.ask(kept)).status).toBe(201)
  await newWallet(world, { email })
  await follow(world, email)
  expect(told(await world.ask(kept))).toEqual(refused(401))
})

test('DELETE /identities/{identifier} deletes what nobody came for, by address or number, and no user', async () => {
  for (const [identifier, attributes] of [
    [newEmail(), 'email'],
    [newPhone(), 'phone_number'],
  ] as const) {
    const path = `/identities/${encodeURIComponent(identifier)}`
    const remove = (by: Owner['signer']) => world.ask(asking(['DELETE', path], undefined, by))
    await newNobody(world, { [attributes]: identifier })
    expect(told(await remove(ann.signer))).toEqual(refused(401))
    expect(told(await remove(world.admin))).toEqual([204, ''])
    expect(told(await remove(world.admin))).toEqual(refused(404))
  }
  const path = `/identities/${encodeURIComponent(ann.email)}`
  expect(told(await world.ask(asking(['DELETE', path], undefined, world.admin)))).toEqual(refused(403))
  expect(await look('email', ann.email)).toHaveLength(1)
})

test('POST /identities/mass-emails tells whose accounts these are, in their order, and which are nobody’s', async () => {
  const nobodys = signerOf(newSeed()).keyId
  const ask = (ids: readonly string[], type: string) =>
    world.ask(asking(['POST', '/identities/mass-emails'], { data: ids.map((id) => ({ id, type })) }, world.admin))
  const asked = [bob.accountId, nobodys, ann.accountId, bob.accountId]
  for (const type of ['account', 'accounts']) {
    const found = await ask(asked, type)
    expect(listIn(found).map(({ attributes }) => attributes['email'])).toEqual([bob.email, ann.email])
    expect(found.body).toMatchObject({
      links: { self: expect.stringMatching(/^\//) as unknown },
      meta: { unknown: [nobodys] },
    })
  }
  expect(told(await ask([nobodys], 'account'))).toEqual(refused(404))
})

test('PUT …/settings/phone takes a number once its code was verified, for that number and that owner alone', async () => {
  const phone = newPhone()
  const path = `/identities/${bob.accountId}/settings/phone`
  const setting = asking(['PUT', path], { data: { attributes: { phone } } }, bob.signer)
  const demand = demandIn(await world.ask(setting), 'phone')
  expect(demand.wallet_id).not.toBe(bob.walletId)
  const [code = ''] = await codesTo(world.app, phone)
  const wrong = code === '000000' ? '000001' : '000000'
  expect((await world.ask(answering(demand, wrong))).status).toBe(400)
  expect(told(await world.ask(answering(demand, Number(code))))).toEqual([204, ''])
  demandIn(await world.ask({ ...setting, body: { data: { attributes: { phone: newPhone() } } } }), 'phone')
  expect(told(await world.ask(setting))).toEqual([204, ''])
  expect(await look('phone', phone)).toMatchObject([{ address: bob.accountId, phone_number: phone, email: null }])
  const taken = asking(['PUT', `/identities/${ann.accountId}/settings/phone`], setting.body, ann.signer)
  expect(told(await world.ask(taken))).toEqual(refused(409))
})

test('PUT …/settings/telegram is not served where no bot sends the code', async () => {
  const path = `/identities/${ann.accountId}/settings/telegram`
  const setting = asking(['PUT', path], { data: { attributes: { username: '@ann_example' } } }, ann.signer)
  expect(told(await world.ask(setting))).toEqual(refused(501))
  expect(await look('telegram_username', 'ann_example')).toEqual([])
})

test('POST /verification gives administrators what verifies an address when a wallet is made, and nobody else', async () => {
  const email = newEmail()
  const asked = { data: { type: 'token-request', attributes: { email } } }
  for (const by of [undefined, ann.signer])
    expect(told(await world.ask(asking(['POST', '/verification'], asked, by)))).toEqual(refused(401))
  const given = resourceIn(await world.ask(asking(['POST', '/verification'], asked, world.admin)))
  expect(given.type).toBe('verification-token')
  const code = { verification_code: given.attributes['token'] }
  const other = await world.ask(asking(['POST', '/wallets'], bodyOf(newOwner(), { attributes: code })))
  expect(walletIn(other.body).data?.attributes.verified ?? false).toBe(false)
  const made = await world.ask(asking(['POST', '/wallets'], bodyOf(newOwner({ email }), { attributes: code })))
  expect([made.status, walletIn(made.body).data.attributes.verified]).toEqual([201, true])
})
