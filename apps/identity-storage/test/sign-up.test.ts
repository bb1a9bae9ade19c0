import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answered, newEmail, refused, startIdentityStorage, tally, told, type World } from './client.ts'
import { bodyOf, newKeychain, newOwner, newWallet, type Owner, passwordOf, signerIn, walletIn } from './owners.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { REFUSED_EMAIL_DOMAINS: 'refused.example, Throwaway.example' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const create = (body: unknown): Promise<Answered> => world.ask({ method: 'POST', path: '/wallets', body })
const make = (owner: Owner, more: Parameters<typeof bodyOf>[1] = {}) => create(bodyOf(owner, more))
const count = async () =>
  (
    await world.app.sql(
      'select (select count(*)::int from identity.wallets) as wallets, (select count(*)::int from identity.ledger_accounts) as accounts',
    )
  )[0]

test('a wallet is answered to the byte: texts for ids, a number for the KDF, and the session that was opened', async () => {
  const owner = newOwner()
  const body = bodyOf(owner)
  const made = await create(body)
  const { data, included } = walletIn(made.body)
  const [session] = included
  const factorId = data.relationships.factor.data.id
  expect([factorId, session?.id, session?.attributes]).toEqual([
    expect.stringMatching(/^[1-9]\d*$/),
    expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
    {
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      encryption_key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    },
  ])
  const expected = {
    data: {
      id: owner.walletId,
      type: 'wallet',
      attributes: {
        account_id: owner.accountId,
        email: owner.email,
        keychain_data: body.data.attributes.keychain_data,
        verified: false,
        last_sent_at: null,
      },
      relationships: {
        kdf: { data: { id: 2, type: 'kdf' } },
        factor: { data: { id: factorId, type: 'password' } },
        session: { data: { id: session?.id, type: 'sessions' } },
      },
    },
    included: [{ id: session?.id, type: 'sessions', attributes: session?.attributes }],
  }
  expect(told(made)).toEqual([201, JSON.stringify(expected)])
  expect(made.headers.get('content-type')).toBe('application/vnd.api+json')
})

test('its account is on the ledger with the signers that were named, and nobody else', async () => {
  const owner = newOwner()
  const recovery = signerOf(newSeed()).keyId
  const details = '{"device":"telephone"}'
  const signers = { data: [owner.signer.keyId, recovery].map((id) => ({ type: 'signer', id })) }
  const included = [
    passwordOf(owner),
    signerIn(owner.signer.keyId, { details }),
    signerIn(recovery, { role_id: 1, weight: 1000, identity: 2, details: undefined }),
    signerIn(signerOf(newSeed()).keyId),
  ]
  expect((await make(owner, { relationships: { signers }, included })).status).toBe(201)
  const shown = (await world.ask({ path: `/v3/accounts/${owner.accountId}/signers` })).body as {
    data: { id: string; attributes: unknown; relationships: { role: { data: { id: string } } } }[]
  }
  const listed = shown.data.map(({ id, attributes, relationships: { role } }) => [id, attributes, role.data.id])
  expect(Object.fromEntries(listed.map(([id, ...rest]) => [id, rest]))).toEqual({
    [owner.signer.keyId]: [{ weight: 1000, identity: 1, details: { device: 'telephone' } }, '2'],
    [recovery]: [{ weight: 1000, identity: 2, details: {} }, '1'],
  })
})

describe('what is taken', () => {
  const parts: readonly [string, (owner: Owner) => Partial<Owner>][] = [
    ['the address, in any case', ({ email }) => ({ email: email.toUpperCase() })],
    ['the id', ({ walletId }) => ({ walletId })],
    ['the account', ({ signer, accountId }) => ({ signer, accountId })],
  ]
  test.each(parts)('is %s: 409, and nothing is made', async (_, taken) => {
    const owner = await newWallet(world)
    const before = await count()
    expect(told(await make(newOwner(taken(owner))))).toEqual(refused(409))
    expect(await count()).toEqual(before)
  })

  test.each(parts)('is %s, of twenty at once too: one is made, each time', async (_, taken) => {
    for (let round = 0; round < 5; round++) {
      const first = newOwner()
      const answers = await Promise.all(Array.from({ length: 20 }, () => make(newOwner(taken(first)))))
      expect(tally(answers)).toEqual({ 201: 1, 409: 19 })
      const rest = answers.filter(({ status }) => status === 409)
      expect(new Set(rest.map(({ text }) => text))).toEqual(new Set([refused(409)[1]]))
    }
  })

  test('is an account that the ledger has already: nobody puts a wallet of theirs on it', async () => {
    const owner = await newWallet(world)
    await world.ask({ method: 'DELETE', path: `/wallets/${owner.walletId}`, by: world.admin })
    expect((await world.ask({ path: `/v3/accounts/${owner.accountId}/signers` })).status).toBe(200)
    const eve = newOwner({ signer: owner.signer, accountId: owner.accountId })
    expect(told(await make(eve))).toEqual(refused(409))
    // The address and the id are free again.
    expect((await make(newOwner({ email: owner.email, walletId: owner.walletId }))).status).toBe(201)
  })
})

describe('what clients send in more than one way', () => {
  test('null among what is included is passed over, and so is what nobody asked for', async () => {
    const owner = newOwner()
    const location = { type: 'location', id: '1:2', attributes: { location_lat: 1, location_long: 2 } }
    const included = [null, location, passwordOf(owner), null, signerIn(owner.signer.keyId)]
    const relationships = { location: { data: { type: 'location', id: '1:2' } }, [`x-${'y'.repeat(30)}`]: 7 }
    const attributes = { invite_code: 'x', role: '7', verification_code: null }
    expect((await make(owner, { included, relationships, attributes, data: { links: {} } })).status).toBe(201)
  })

  test('ids may be numbers or texts, and types be left out where they can be but one', async () => {
    for (const [kdf, id] of [
      [2, 7],
      ['2', '7'],
    ] as const) {
      const owner = newOwner()
      const relationships = {
        kdf: { data: { id: kdf } },
        factor: { data: { id } },
        signers: { data: [{ id: owner.signer.keyId }] },
        referrer: { data: null },
      }
      const included = [{ ...passwordOf(owner), id }, signerIn(owner.signer.keyId)]
      expect((await make(owner, { relationships, included, data: { type: undefined } })).status).toBe(201)
    }
  })

  test('the sample of the documents is taken: a bare list of signers, none included, the password by its other name', async () => {
    const accountId = 'GBSR6JG5AYSAW7HK6EGJFYVIVN54LVGSY3ZLJ6X3IBQZ766EJABCZQTH'
    const walletId = '388108095960430b80554ac3efb6807a9f286854033aca47f6f466094ab50876'
    const salt = 'qonp0sJgd30NQ916fzpO2A=='
    const keychain_data = newKeychain()
    const sample = {
      data: {
        type: 'wallet',
        id: walletId,
        attributes: { account_id: accountId, email: newEmail(), salt, keychain_data },
        relationships: {
          password: { data: { id: 'passwordID', type: 'password' } },
          factor: { data: { type: 'password', id: 'id' } },
          kdf: { data: { type: 'kdf', id: 2 } },
          signers: [{ id: accountId, type: 'signer' }],
        },
      },
      included: [{ id: 'passwordID', type: 'password', attributes: { account_id: accountId, keychain_data, salt } }],
    }
    const made = await create(sample)
    expect([made.status, walletIn(made.body).data.attributes.account_id]).toEqual([201, accountId])
    const { body } = await world.ask({ path: `/v3/accounts/${accountId}/signers` })
    expect(body).toMatchObject({ data: [{ id: accountId, attributes: { weight: 1000, identity: 1 } }] })
  })

  test('a wallet that names no signers is signed for by its own account’s key, in the usual role', async () => {
    const owner = newOwner()
    expect((await make(owner, { relationships: { signers: undefined }, included: [passwordOf(owner)] })).status).toBe(
      201,
    )
    const { body } = await world.ask({ path: `/v3/accounts/${owner.accountId}/signers` })
    expect(body).toMatchObject({
      data: [
        {
          id: owner.accountId,
          attributes: { weight: 1000, identity: 1 },
          relationships: { role: { data: { id: '2' } } },
        },
      ],
    })
  })
})
