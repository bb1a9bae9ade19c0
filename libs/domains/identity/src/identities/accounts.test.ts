import { sql } from '@strongroom/storage'
import { limiter } from '@strongroom/http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { byEmail, look, makeNobodys, signersOf } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld, ledgerBut, networkPassphrase, statuses } from '../../test/identity-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import { newEmail, newOwner, newPhone, newUser, signUp } from '../../test/wallet-owner.ts'
import { keyOfNobody } from '../ledger/key-of-nobody.ts'
import { LedgerUnavailable } from '../ledger/ledger.ts'
import { MOST_SIGNERS } from '../ledger/signer-rules.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const accountBody = (id: string, signers: readonly SigningKey[], attributes: object = {}) => ({
  data: { id, relationships: { signers: { data: signers.map((one) => ({ id: one.id, type: 'signer' })) } } },
  included: signers.map((one, identity) => ({
    id: one.id,
    type: 'signer',
    attributes: { role_id: 2, weight: 500, identity, ...attributes },
  })),
})

describe('an account with signers', () => {
  test('is on the ledger, and has an identity that is found by its address alone', async () => {
    const [account, signers] = [signingKey(), [signingKey(), signingKey()]]
    const body = accountBody(account.id, signers)
    const made = await world.ask('POST', '/accounts', { body })
    expect([made.status, made.body]).toEqual([
      201,
      {
        data: { ...body.data, type: 'identity-account' },
        included: body.included.map((one) => ({ ...one, attributes: { ...one.attributes, details: '{}' } })),
      },
    ])
    expect(await signersOf(world, account.id)).toEqual(expect.arrayContaining(signers.map(({ id }) => id)))
    const [found] = await look(world, { address: account.id })
    expect(found?.attributes).toMatchObject({ status: 'active', email: null })
  })

  test('is made once: of two at the same time, and of two with other signers', async () => {
    const account = signingKey()
    const bodies = [
      accountBody(account.id, [signingKey(), signingKey()]),
      accountBody(account.id, [signingKey(), signingKey()]),
    ]
    const made = await Promise.all([...bodies, bodies[0]].map((body) => world.ask('POST', '/accounts', { body })))
    expect(statuses(made)).toEqual([201, 409, 409])
  })

  test('is not made of what is somebody’s: a wallet’s, nobody’s, the administrators’', async () => {
    const [unverified, user] = [await signUp(world, newOwner()), await newUser(world)]
    const { masterAccountId } = await world.ledger.info()
    const nobodys = await makeNobodys(world, { email: newEmail() })
    for (const id of [unverified.account, user.account, masterAccountId, nobodys])
      expect(
        await world.ask('POST', '/accounts', { body: accountBody(id, [signingKey(), signingKey()]) }),
      ).toMatchObject({ status: 409 })
  })

  test('is made by the same request again where the ledger went away in the middle', async () => {
    const body = accountBody(signingKey().id, [signingKey(), signingKey()])
    const { ledger } = world
    const createAccount: typeof ledger.createAccount = async (account) => {
      await ledger.createAccount(account)
      throw new LedgerUnavailable()
    }
    world.serveWith({ ledger: ledgerBut(ledger, { createAccount }) })
    expect((await world.ask('POST', '/accounts', { body })).status).toBe(503)
    world.serveWith(world.deps)
    expect((await world.ask('POST', '/accounts', { body })).status).toBe(201)
  })

  const other = signingKey()
  const broken = `${other.id.slice(0, -1)}${other.id.endsWith('A') ? 'B' : 'A'}`
  test.each<readonly [string, object, string]>([
    ['a name that is no key', accountBody(broken, [signingKey(), signingKey()]), '/data/id'],
    ['no signers', accountBody(signingKey().id, []), '/data/relationships/signers'],
    ['signers that are too light', accountBody(signingKey().id, [signingKey()]), '/data/relationships/signers'],
    [
      'the role of recovery',
      accountBody(signingKey().id, [signingKey(), signingKey()], { role_id: 3 }),
      '/data/relationships/signers',
    ],
    ['the same signer twice', accountBody(signingKey().id, [other, other]), '/data/relationships/signers'],
    ['no relationships', { data: { id: signingKey().id } }, '/data/relationships'],
  ])('is none with %s', async (_, body, field) => {
    const refused = await world.ask('POST', '/accounts', { body })
    expect([refused.status, refused.body]).toMatchObject([400, { errors: [{ meta: { field } }] }])
  })

  test('is made so many times an hour', async () => {
    const limit = { points: 1, window: 60 }
    world.serveWith({ limits: { ...world.deps.limits, creations: limiter({ each: limit, all: limit }) } })
    const make = async () =>
      (await world.ask('POST', '/accounts', { body: accountBody(signingKey().id, [signingKey(), signingKey()]) }))
        .status
    expect([await make(), await make()]).toEqual([201, 429])
  })
})

const add = (account: string, key: SigningKey, attributes: object = {}) =>
  world.ask('POST', `/identities/${account}/signers`, {
    by: world.admin,
    body: {
      data: {
        id: key.id,
        type: 'identity-signer',
        attributes: { role_id: 2, weight: 1000, identity: 2, ...attributes },
      },
    },
  })

describe('a service’s key on an account of nobody’s', () => {
  const nobody = keyOfNobody(networkPassphrase)

  test('signs beside the ledger’s own, and so do others that come at the same time', async () => {
    const account = await makeNobodys(world, { email: newEmail() })
    const keys = [signingKey(), signingKey(), signingKey()]
    const added = await Promise.all(keys.map((key) => add(account, key)))
    expect(added.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(added[0]?.body).toEqual({
      data: { id: keys[0]?.id, type: 'identity-signer', attributes: { role_id: 2, weight: 1000, identity: 2 } },
    })
    expect((await signersOf(world, account)).toSorted()).toEqual([nobody, ...keys.map(({ id }) => id)].toSorted())
    const blob = { data: { type: 'alpha', attributes: { value: 'a text' } } }
    expect(await world.ask('POST', `/accounts/${account}/blobs`, { by: keys[0], body: blob })).toMatchObject({
      status: 201,
    })
  })

  test('is refused where the ledger takes none such, and where there is no such account', async () => {
    const account = await makeNobodys(world, { email: newEmail() })
    const key = signingKey()
    for (const attributes of [{ role_id: 3 }, { details: '{' }, { weight: 1001 }])
      expect(await add(account, key, attributes)).toMatchObject({ status: 400 })
    expect(await add(signingKey().id, key)).toMatchObject({ status: 404 })
    expect((await add(account, key)).status).toBe(201)
    expect(await add(account, key)).toMatchObject({ status: 400 })
  })
})

test('a service’s key for which others took the last room meanwhile is refused', async () => {
  const account = await makeNobodys(world, { email: newEmail() })
  for (let identity = 10; identity < 10 + MOST_SIGNERS - 2; identity++)
    expect((await add(account, signingKey(), { identity })).status).toBe(201)
  const another = { key: signingKey().id, weight: 1000, role: 2, identity: 9, details: '{}' }
  const { ledger } = world
  const adoptAccount: typeof ledger.adoptAccount = async (adoption) => {
    await ledger.adoptAccount({ account, signers: [another], others: 'stay' })
    return ledger.adoptAccount(adoption)
  }
  world.serveWith({ ledger: ledgerBut(ledger, { adoptAccount }) })
  expect(await add(account, signingKey())).toMatchObject({ status: 400 })
  expect(await signersOf(world, account)).toHaveLength(MOST_SIGNERS)
})

describe('what was made for an address or a number', () => {
  test('is deleted, account and all, and made anew for who asks again', async () => {
    const [email, phone] = [newEmail(), newPhone()]
    for (const [identifier, attributes] of [
      [email, { email }],
      [phone, { phone_number: phone }],
    ] as const) {
      const account = await makeNobodys(world, attributes)
      const target = `/identities/${encodeURIComponent(identifier)}`
      expect((await world.ask('DELETE', target, { by: world.admin })).status).toBe(204)
      expect(await world.ledger.signersOf(account)).toBeUndefined()
      expect(await world.ask('DELETE', target, { by: world.admin })).toMatchObject({ status: 404 })
      expect(await makeNobodys(world, attributes)).not.toBe(account)
    }
  })

  test('is not while somebody registers, nor afterwards', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const owner = await signUp(world, newOwner({ email }))
    const refused = await world.ask('DELETE', `/identities/${email}`, { by: world.admin })
    expect([refused.status, refused.body]).toEqual([403, { errors: [{ title: 'Forbidden', status: '403' }] }])
    expect(await byEmail(world, email)).toEqual([[account, 'unregistered']])
    await world.ask('DELETE', `/wallets/${owner.walletId}`, { by: world.admin })
    expect((await world.ask('DELETE', `/identities/${email}`, { by: world.admin })).status).toBe(204)
  })

  test('is deleted where the ledger is away, and its account is nobody’s for good', async () => {
    const email = newEmail()
    await makeNobodys(world, { email })
    world.serveWith({
      ledger: ledgerBut(world.ledger, { forgetAccount: () => Promise.reject(new LedgerUnavailable()) }),
    })
    expect((await world.ask('DELETE', `/identities/${email}`, { by: world.admin })).status).toBe(204)
    expect(await byEmail(world, email)).toEqual([])
  })
})

test('an address that the ledger could make no account for is free', async () => {
  const email = newEmail()
  world.serveWith({ ledger: ledgerBut(world.ledger, { createAccount: () => Promise.reject(new LedgerUnavailable()) }) })
  expect((await world.ask('POST', '/identities', { body: { data: { attributes: { email } } } })).status).toBe(503)
  world.serveWith(world.deps)
  await makeNobodys(world, { email })
})

test.each<readonly [string, string, unknown]>([
  ['POST', '/identities', { data: {} }],
  ['POST', '/identities', { data: { attributes: 5 } }],
  ['POST', '/identities', { data: 5 }],
  ['POST', '/identities', {}],
  ['POST', '/identities', { data: [5] }],
  ['POST', '/identities', { data: [{ attributes: null }] }],
  ['POST', '/identities', { data: [] }],
  ['POST', '/identities/mass-create', { data: [{}] }],
  ['POST', '/identities/mass-emails', { data: [{ id: 'G' }] }],
  ['POST', '/invites', { data: {} }],
  ['POST', '/invites', { data: { type: 'whitelist-invite', attributes: {} } }],
  [
    'POST',
    '/invites',
    { data: { type: 'whitelist-invite', attributes: { email: 'a@example.com' }, relationships: { sales: 5 } } },
  ],
  ['POST', '/invites_multi', { data: [{ type: 'general-invite' }] }],
  ['DELETE', '/invites', { data: [{ id: null }] }],
  ['POST', '/verification', { data: { attributes: { email: 5 } } }],
  ['POST', '/accounts', { data: { id: 5 } }],
])('%s %s refuses %j as no such body', async (method, target, body) => {
  const refused = await world.ask(method, target, { by: world.admin, body })
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('"field":"/data')])
})

test('administrators are told of in the audit log, and so is what they did', async () => {
  const { z } = await import('zod')
  const email = newEmail()
  const account = await makeNobodys(world, { email })
  const service = signingKey()
  const body = { data: { id: service.id, attributes: { role_id: 2, weight: 1, identity: 2 } } }
  await world.ask('POST', `/identities/${account}/signers`, { by: world.admin, body })
  await world.ask('DELETE', `/identities/${email}`, { by: world.admin })
  const events = await world.sql.many(
    z.object({ event: z.string(), detail: z.unknown() }),
    sql`select event, detail from audit.events where subject = ${account} and event like 'identity.i%' or subject = ${account} and event like 'identity.s%' order by id`,
  )
  expect(events).toEqual([
    { event: 'identity.identity-made', detail: { by: 'email' } },
    { event: 'identity.signer-added', detail: { key: world.admin.id, signer: service.id } },
    { event: 'identity.identity-deleted', detail: { key: world.admin.id } },
  ])
})
