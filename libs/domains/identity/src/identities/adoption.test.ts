import { shiftClock, sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { byEmail, makeNobodys, newIdentity, signersOf, tokenFor } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld, ledgerBut, networkPassphrase, statuses } from '../../test/identity-world.ts'
import { signingKey } from '../../test/signing-key.ts'
import { newEmail, newOwner, newUser, signUp, verify, walletBody } from '../../test/wallet-owner.ts'
import { keyOfNobody } from '../ledger/key-of-nobody.ts'
import { LedgerUnavailable } from '../ledger/ledger.ts'
import { usualPolicies } from '../policies.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const nobody = keyOfNobody(networkPassphrase)
const away = () => Promise.reject(new LedgerUnavailable())
const accountsOf = async (email: string): Promise<number> => (await byEmail(world, email)).length

describe('an account that was made for an e-mail address', () => {
  test('can be paid: the address leads to it, and nobody signs for it', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    expect(await byEmail(world, email)).toEqual([[account, 'unregistered']])
    expect(await signersOf(world, account)).toEqual([nobody])
  })

  test('is not given to who types the address, but to who follows the link that was mailed to it', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const owner = await signUp(world, newOwner({ email }))
    expect(owner.account).toBe(account)
    expect(await signersOf(world, account)).toEqual([nobody])
    expect(await byEmail(world, email)).toEqual([[account, 'unregistered']])
    const target = `/accounts/${account}/blobs`
    const blob = { data: { type: 'alpha', attributes: { value: 'a text' } } }
    expect((await world.ask('POST', target, { by: owner.key, body: blob })).status).toBe(401)

    expect((await verify(world, owner)).status).toBe(204)
    expect(await signersOf(world, account)).toEqual([owner.key.id])
    expect(await byEmail(world, email)).toEqual([[account, 'active']])
    expect((await world.ask('POST', target, { by: owner.key, body: blob })).status).toBe(201)
    expect((await verify(world, owner)).status).toBe(204)
  })

  test('is given at once to who brings the token that an administrator vouches with', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const owner = await signUp(world, newOwner({ email }), { verification_code: await tokenFor(world, email) })
    expect(owner.account).toBe(account)
    expect(await signersOf(world, account)).toEqual([owner.key.id])
    expect(await byEmail(world, email)).toEqual([[account, 'active']])
  })

  test('waits on where nobody followed the link in time', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const late = await signUp(world, newOwner({ email }))
    await shiftClock(world.sql, '6 days')
    await world.sweep('identity.forget')
    expect((await verify(world, late)).status).toBe(400)
    expect(await signersOf(world, account)).toEqual([nobody])
    const owner = await newUser(world, { email })
    expect(owner.account).toBe(account)
    expect(await signersOf(world, account)).toEqual([owner.key.id])
  })

  test('waits on where the wallet that waited for it was deleted', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const { walletId } = await signUp(world, newOwner({ email }))
    expect((await world.ask('DELETE', `/wallets/${walletId}`, { by: world.admin })).status).toBe(204)
    expect(await byEmail(world, email)).toEqual([[account, 'unregistered']])
    expect((await newUser(world, { email })).account).toBe(account)
  })

  test('is not given without the link where addresses need not be verified otherwise', async () => {
    world.serveWith({ policies: { ...usualPolicies, verification: 'off' } })
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const owner = await signUp(world, newOwner({ email }))
    expect(await signersOf(world, account)).toEqual([nobody])
    expect((await world.ask('GET', `/wallets/${owner.walletId}`)).status).toBe(403)
    expect((await verify(world, owner)).status).toBe(204)
    expect(await signersOf(world, account)).toEqual([owner.key.id])
  })

  test('loses the signers that services had until then', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const service = signingKey()
    const body = {
      data: { id: service.id, type: 'identity-signer', attributes: { role_id: 2, weight: 1000, identity: 2 } },
    }
    expect((await world.ask('POST', `/identities/${account}/signers`, { by: world.admin, body })).status).toBe(201)
    expect(await signersOf(world, account)).toEqual(expect.arrayContaining([nobody, service.id]))
    const owner = await newUser(world, { email })
    expect(await signersOf(world, account)).toEqual([owner.key.id])
    expect(await world.ask('POST', `/identities/${account}/signers`, { by: world.admin, body })).toMatchObject({
      status: 403,
    })
  })

  test('is given all the same where the ledger went away in the middle, by the same link', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const owner = await signUp(world, newOwner({ email }))
    const { ledger } = world
    world.serveWith({
      ledger: ledgerBut(ledger, {
        adoptAccount: async (adoption) => {
          await ledger.adoptAccount(adoption)
          throw new LedgerUnavailable()
        },
      }),
    })
    expect((await verify(world, owner)).status).toBe(503)
    expect((await world.ask('GET', `/wallets/${owner.walletId}`)).status).toBe(403)
    world.serveWith(world.deps)
    expect((await verify(world, owner)).status).toBe(204)
    expect(await byEmail(world, email)).toEqual([[account, 'active']])
  })

  test('is given by the sweep where the process that made the wallet died', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const token = await tokenFor(world, email)
    world.serveWith({ ledger: ledgerBut(world.ledger, { adoptAccount: away }) })
    const owner = newOwner({ email })
    expect(
      (await world.ask('POST', '/wallets', { body: walletBody(owner, { verification_code: token }) })).status,
    ).toBe(503)
    await shiftClock(world.sql, '2 minutes')
    await world.sweep('identity.finish-creations')
    expect(await byEmail(world, email)).toEqual([[account, 'active']])
    expect(await signersOf(world, account)).toEqual([owner.key.id])
  })

  test('is given to no signers that were written into the table', async () => {
    const email = newEmail()
    const account = await makeNobodys(world, { email })
    const owner = await signUp(world, newOwner({ email }))
    const thief = JSON.stringify([{ key: signingKey().id, weight: 1000, role: 2, identity: 1, details: '{}' }])
    await world.sql.run(sql`update identity.adoptions set signers = ${thief}::jsonb`)
    expect((await verify(world, owner)).status).toBe(500)
    expect(await signersOf(world, account)).toEqual([nobody])
  })
})

describe('one address has one account', () => {
  test('of two that are made at once, one is', async () => {
    const email = newEmail()
    const body = newIdentity({ email })
    const made = await Promise.all([1, 2, 3].map(() => world.ask('POST', '/identities', { body })))
    expect(statuses(made)).toEqual([200, 409, 409])
    expect(await accountsOf(email)).toBe(1)
  })

  test('whoever signs up while one is made for the address gets that one, or nobody does', async () => {
    for (let round = 0; round < 8; round++) {
      const email = newEmail()
      const owner = newOwner({ email })
      const [made, wallet] = await Promise.all([
        world.ask('POST', '/identities', { body: newIdentity({ email }) }),
        world.ask('POST', '/wallets', { body: walletBody(owner) }),
      ])
      const account = (wallet.body as { data?: { attributes: { account_id: string } } }).data?.attributes.account_id
      if (wallet.status === 503) continue
      expect([wallet.status, wallet.text]).toEqual([201, expect.any(String)])
      expect((await verify(world, owner)).status).toBe(204)
      expect(await byEmail(world, email)).toEqual([[account, 'active']])
      const address = (made.body as { data?: { attributes: { address: string } } }).data?.attributes.address
      expect([made.status, address]).toEqual(account === owner.account ? [409, undefined] : [200, account])
    }
  })

  test('none is made for an address that a wallet has, whether it was verified or not', async () => {
    const [unverified, verified] = [await signUp(world, newOwner()), await newUser(world)]
    for (const { email } of [unverified, verified])
      expect(await world.ask('POST', '/identities', { body: newIdentity({ email }) })).toMatchObject({ status: 409 })
  })

  test('a wallet whose address nobody verified is not found, and so not paid, by it', async () => {
    const owner = await signUp(world, newOwner())
    expect(await byEmail(world, owner.email)).toEqual([])
    await verify(world, owner)
    expect(await byEmail(world, owner.email)).toEqual([[owner.account, 'active']])
  })

  test('a deleted wallet leads nowhere', async () => {
    const owner = await newUser(world)
    expect((await world.ask('DELETE', `/wallets/${owner.walletId}`, { by: world.admin })).status).toBe(204)
    expect(await byEmail(world, owner.email)).toEqual([])
  })

  test('no wallet is made on an account that somebody has made without one', async () => {
    const [account, owner] = [signingKey(), newOwner()]
    const body = {
      data: { id: account.id, relationships: { signers: { data: [{ id: owner.key.id, type: 'signer' }] } } },
      included: [{ id: owner.key.id, type: 'signer', attributes: { role_id: 2, weight: 1000, identity: 1 } }],
    }
    expect((await world.ask('POST', '/accounts', { body })).status).toBe(201)
    const wallet = await world.ask('POST', '/wallets', { body: walletBody({ ...owner, account: account.id }) })
    expect(wallet.status).toBe(409)
  })

  test('nor on one that is nobody’s, by who knows its address and not its e-mail', async () => {
    const account = await makeNobodys(world, { email: newEmail() })
    const wallet = await world.ask('POST', '/wallets', { body: walletBody(newOwner({ account })) })
    expect(wallet.status).toBe(409)
  })
})
