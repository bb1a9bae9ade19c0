import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HorizonStub } from '../../../libs/domains/identity/test/horizon-stub.ts'
import { away, type HorizonWorld, signerWith, startOverHorizon } from './horizon-world.ts'
import { bodyOf, newOwner, newWallet } from './owners.ts'

const stranger = signerOf(newSeed())

let world: HorizonWorld
let horizon: HorizonStub
beforeAll(async () => {
  world = await startOverHorizon()
  ;({ horizon } = world)
})
afterAll(() => world[Symbol.asyncDispose]())

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
  expect([await remove(stranger), await remove(world.admin)]).toEqual([401, 204])
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
  horizon.instead = away
  const owner = newOwner()
  const { status, headers } = await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner) })
  expect([status, headers.get('retry-after')]).toEqual([503, '5'])
  horizon.instead = undefined
  await world.app.sql(
    `update identity.wallets set created_at = created_at - interval '2 minutes' where signers is not null`,
  )
  await expect
    .poll(async () => (await world.ask({ path: `/wallets/${owner.walletId}` })).status, { timeout: 90_000 })
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
