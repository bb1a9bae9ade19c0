import { randomBytes } from 'node:crypto'
import { shiftClock, sql } from '@strongroom/storage'
import { overtaken } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { makeNobodys } from '../../test/identity-look-ups.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import { newEmail, newOwner, newUser, signUp, walletBody, type WalletOwner } from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const makeAccount = async (id: string, key: SigningKey) =>
  (
    await world.ask('POST', '/accounts', {
      body: {
        data: { id, relationships: { signers: { data: [{ type: 'signer', id: key.id }] } } },
        included: [{ type: 'signer', id: key.id, attributes: { weight: 1000, identity: 1 } }],
      },
    })
  ).status

/** Of each kind one thing: a private blob and a setting as they are brought, and rows of what needs more than is here. */
async function bring({ account, key }: Pick<WalletOwner, 'account' | 'key'>): Promise<string> {
  const blob = { data: { type: 'kyc_form', attributes: { value: 'the former owner’s' } } }
  const brought = await world.ask('POST', `/accounts/${account}/blobs`, { by: key, body: blob })
  const setting = { data: { attributes: { key: 'push', value: true } } }
  const set = await world.ask('PUT', `/identities/${account}/settings`, { by: key, body: setting })
  expect([brought.status, set.status]).toEqual([201, 200])
  const [stamp, document] = [
    randomBytes(32),
    `prv${'a'.repeat(35)}${randomBytes(9)
      .toString('hex')
      .replaceAll(/[01 89]/g, 'b')}`,
  ]
  await world.sql.run(sql`
    insert into identity.documents (key, owner, type, content_type, brought_by, stamp)
    values (${document}, ${account}, 'kyc_id_document', 'image/png', 'owner', ${stamp})`)
  await world.sql.run(sql`
    insert into identity.stored_signers (id, account, key, identity, envelope, stamp)
    values (gen_random_uuid(), ${account}, ${signingKey().id}, 1, ${stamp}, ${stamp})`)
  return (brought.body as { data: { id: string } }).data.id
}

const kept = z.array(z.string())
const keptFor = async (account: string): Promise<readonly string[]> => {
  const { found } = await world.sql.one(
    z.object({ found: kept.nullable() }),
    sql`select array_agg(kind order by kind) as found from (
          select 'blob' as kind from identity.blobs where owner = ${account}
          union all select 'document' from identity.documents where owner = ${account}
          union all select 'owner' from identity.blob_owners where owner = ${account}
          union all select 'setting' from identity.settings where account_id = ${account}
          union all select 'signer' from identity.stored_signers where account = ${account}) as all_of_it`,
  )
  return found ?? []
}
const everything = ['blob', 'document', 'owner', 'setting', 'signer']

test('whoever takes the name of an account that nobody verified gets neither it nor what was kept for it', async () => {
  const [late, other] = [await signUp(world, newOwner()), await newUser(world)]
  const blob = await bring(late)
  await bring(other)
  expect(await keptFor(late.account)).toEqual(everything)
  await shiftClock(world.sql, '6 days')
  await world.sweep('identity.forget')

  const thief = signingKey()
  expect(await makeAccount(late.account, thief)).toBe(409)
  const wallet = walletBody(newOwner({ key: thief, account: late.account }))
  expect((await world.ask('POST', '/wallets', { body: wallet })).status).toBe(409)
  for (const by of [thief, late.key, world.admin])
    expect((await world.ask('GET', `/accounts/${late.account}/blobs/${blob}`, { by })).status).toBe(404)
  expect((await world.ask('GET', `/identities/${late.account}/settings/push`, { by: thief })).status).toBe(401)
  expect(await keptFor(late.account)).toEqual([])
  expect(await keptFor(other.account)).toEqual(everything)
  await signUp(world, newOwner({ email: late.email, walletId: late.walletId }))
})

test('nor of one that was made for an address, and deleted: it was public, and could be paid', async () => {
  const email = newEmail()
  const account = await makeNobodys(world, { email })
  const service = signingKey()
  const attributes = { role_id: 2, weight: 1000, identity: 2 }
  const body = { data: { id: service.id, type: 'identity-signer', attributes } }
  expect((await world.ask('POST', `/identities/${account}/signers`, { by: world.admin, body })).status).toBe(201)
  await bring({ account, key: service })
  expect((await world.ask('DELETE', `/identities/${email}`, { by: world.admin })).status).toBe(204)
  expect(await makeAccount(account, signingKey())).toBe(409)
  expect(await keptFor(account)).toEqual([])
})

test('with an account goes what its owner brings at the moment when it is forgotten', async () => {
  const late = await signUp(world, newOwner())
  await bring(late)
  const id = 'a'.repeat(52)
  await overtaken({
    adminUrl: world.adminUrl,
    hold: `
      update identity.blob_owners set blobs = blobs + 1 where owner = '${late.account}';
      insert into identity.blobs (id, owner, type, value) values ('${id}', '${late.account}', 1, '')`,
    touching: 'identity.blob_owners',
    ask: () => world.ledger.forgetAccount(late.account),
  })
  expect(await keptFor(late.account)).toEqual([])
})

test('the service itself cannot take the mark away with the row', async () => {
  const email = newEmail()
  const account = await makeNobodys(world, { email })
  expect((await world.ask('DELETE', `/identities/${email}`, { by: world.admin })).status).toBe(204)
  await expect(
    world.database.run(sql`delete from identity.ledger_accounts where account = ${account}`),
  ).rejects.toMatchObject({ code: '42501' })
})
