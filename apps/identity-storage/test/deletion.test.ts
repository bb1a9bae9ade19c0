import { newSeed, signerOf } from '@strongroom/identity-client'
import { overtaken } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askForAddress, changePassword, newAddress, newRecovery, recovering, restoring } from './changes.ts'
import { newEmail, refused, startIdentityStorage, told, type World, wrong } from './client.ts'
import { enableTotp } from './demands.ts'
import { follow } from './mails.ts'
import { bodyOf, newOwner, newWallet, newWalletId, type Owner, walletIn } from './owners.ts'
import { recovered } from './recoveries.ts'
import { signersOf } from './transactions.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const remove = ({ walletId }: Pick<Owner, 'walletId'>, by = world.admin) =>
  world.ask({ method: 'DELETE', path: `/wallets/${walletId}`, by })
const open = ({ walletId }: Pick<Owner, 'walletId'>) => world.ask({ path: `/wallets/${walletId}` })
const rowsOf = async () => {
  const tables = ['wallets', 'names', 'factors', 'factor_tokens', 'sessions', 'changes', 'holds']
  const counts = tables.map((name) => `(select count(*)::int from identity.${name}) as ${name}`)
  return (await world.app.sql(`select ${counts.join(', ')}`))[0]
}

test('a wallet is deleted by an administrator alone', async () => {
  const owner = await newWallet(world)
  for (const by of [owner.signer, owner.factor, signerOf(newSeed())])
    expect(told(await remove(owner, by))).toEqual(refused(401))
  expect(told(await world.ask({ method: 'DELETE', path: `/wallets/${owner.walletId}` }))).toEqual(refused(401))
  expect((await open(owner)).status).toBe(200)
  expect(told(await remove(owner))).toEqual([204, ''])
  expect(told(await open(owner))).toEqual(refused(404))
})

test('who begins to recover a wallet that is deleted at that moment comes back and finds none', async () => {
  const owner = await newWallet(world)
  const asked = recovering(newRecovery(owner))
  const answer = await overtaken({
    adminUrl: world.app.database.adminUrl,
    hold: `delete from identity.wallets where account_id = '${owner.accountId}'`,
    touching: 'identity.wallets',
    ask: () => world.ask(asked),
  })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(told(await world.ask(asked))).toEqual(refused(404))
})

test('what is not there is deleted as well', async () => {
  const owner = await newWallet(world)
  await remove(owner)
  for (const one of [owner, { walletId: newWalletId() }]) expect(told(await remove(one))).toEqual([204, ''])
})

test('with a wallet goes all that belongs to it, and nothing of another', async () => {
  const bob = await newWallet(world)
  const before = await rowsOf()
  const owner = await newWallet(world)
  const next = newAddress(owner, newEmail())
  await askForAddress(world, owner, next)
  await enableTotp(world, owner)
  const session = walletIn((await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(newOwner()) })).body)
  const { lost, found } = await recovered(world)
  expect(told(await remove(owner))).toEqual([204, ''])
  expect(told(await remove(found))).toEqual([204, ''])
  expect(told(await remove({ walletId: session.data.id }))).toEqual([204, ''])
  expect(await rowsOf()).toEqual(before)
  expect(told(await world.ask(restoring(lost)))).toEqual(refused(404))
  expect(told(await follow(world, next.email))).toEqual(wrong('/data/attributes/token', 'invalid token'))
  expect((await open(bob)).status).toBe(200)
  expect((await changePassword(world, bob)).changed.status).toBe(200)
})

test('the account stays on the ledger; address and id are free', async () => {
  const owner = await newWallet(world)
  await remove(owner)
  expect(await signersOf(world.ask, owner.accountId)).toEqual([owner.signer.keyId])
  await newWallet(world, { email: owner.email, walletId: owner.walletId })
})
