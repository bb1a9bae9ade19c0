import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HorizonStub, startHorizon } from '../../../libs/domains/identity/test/horizon-stub.ts'
import { startIdentityStorage, type World } from './client.ts'
import { bodyOf, newOwner, newWallet } from './owners.ts'

const [master, admin, stranger] = [signerOf(newSeed()), signerOf(newSeed()), signerOf(newSeed())]
const signerWith = (key: string, role: number, identity = 1) => ({ key, weight: 1000, role, identity, details: '{}' })

let horizon: HorizonStub
let world: World
beforeAll(async () => {
  horizon = await startHorizon(master.keyId)
  const settings = {
    LEDGER_URL: horizon.url,
    LEDGER_NETWORK_PASSPHRASE: 'A Network of the Tests',
    LEDGER_MASTER_ACCOUNT: master.keyId,
    LEDGER_ADMIN_KEYS: undefined,
    EMAIL_VERIFICATION: 'off',
  }
  world = await startIdentityStorage({ settings })
  const { output } = await world.app.run('ledger-key')
  const [own] = /G[A-Z2-7]{55}/.exec(output) ?? []
  if (own === undefined) throw new Error('ledger-key told no key')
  horizon.accounts.set(master.keyId, [signerWith(admin.keyId, 1), signerWith(own, 5, 2)])
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await horizon[Symbol.asyncDispose]()
})

test('an account is made on the ledger by a transaction that the token signs', async () => {
  const owner = await newWallet(world)
  expect(horizon.accounts.get(owner.accountId)).toEqual([signerWith(owner.signer.keyId, 2)])
  const taken = newOwner({ accountId: owner.accountId })
  const again = await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(taken) })
  expect(again.status).toBe(409)
})

test('who signs for an account is whom the ledger says, and who administers as well', async () => {
  const owner = await newWallet(world)
  const path = `/accounts/${owner.accountId}/blobs`
  const body = { data: { type: 'alpha', attributes: { value: 'words' } } }
  const made = async (by: typeof stranger) => (await world.ask({ method: 'POST', path, by, body })).status
  expect([await made(owner.signer), await made(stranger)]).toEqual([201, 401])
  horizon.accounts.set(owner.accountId, [signerWith(stranger.keyId, 2)])
  expect([await made(owner.signer), await made(stranger)]).toEqual([401, 201])
  const remove = async (by: typeof stranger) =>
    (await world.ask({ method: 'DELETE', path: `/wallets/${owner.walletId}`, by })).status
  expect([await remove(stranger), await remove(admin)]).toEqual([401, 204])
})

test('a stored key is made for whom the ledger says, and no ledger is served beside the real one', async () => {
  const owner = await newWallet(world)
  const path = `/integrations/multisig/accounts/${owner.accountId}/signers`
  const body = { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } }
  expect((await world.ask({ method: 'POST', path, by: owner.signer, body })).status).toBe(200)
  expect((await world.ask({ method: 'POST', path, by: stranger, body })).status).toBe(401)
  for (const own of ['/', '/v3/key_values/signer_role:default', `/v3/accounts/${owner.accountId}/signers`])
    expect((await world.ask({ path: own })).status).toBe(404)
  for (const own of ['/transactions', '/v3/transactions'])
    expect((await world.ask({ method: 'POST', path: own, body: { tx: 'AAAA' } })).status).toBe(404)
})

test('while the ledger is away what needs it comes back later, and a wallet that was begun is finished when it is back', async () => {
  horizon.instead = ({ method }, to) => method === 'POST' && Boolean(to.writeHead(502).end())
  const owner = newOwner()
  const away = await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner) })
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5'])
  horizon.instead = undefined
  await world.app.sql(
    `update identity.wallets set created_at = created_at - interval '2 minutes' where signers is not null`,
  )
  await expect
    .poll(async () => (await world.ask({ path: `/wallets/${owner.walletId}` })).status, { timeout: 40_000 })
    .toBe(200)
  expect(horizon.accounts.has(owner.accountId)).toBe(true)
})

test('a ledger of another network is not believed', async () => {
  const settings = { LEDGER_NETWORK_PASSPHRASE: 'Another Network' }
  const other = await world.app.spawn(settings)
  const answer = await fetch(`${other.baseUrl}/wallets`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.api+json' },
    body: JSON.stringify(bodyOf(newOwner())),
  })
  expect(answer.status).toBe(503)
})
