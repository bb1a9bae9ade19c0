import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeBody, newPassword, recovering, restoring, swap, updating } from './changes.ts'
import { type Asked, startIdentityStorage, told, type World } from './client.ts'
import { answering, demandIn, enableTotp, factorsOf, passwordProof, totpCode } from './demands.ts'
import { bodyOf, newOwner, newWallet, type Owner } from './owners.ts'
import { adding, envelopeOf, signersOf, submitting } from './transactions.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const open = ({ walletId }: Pick<Owner, 'walletId'>): Asked => ({ path: `/wallets/${walletId}` })
const charged = () =>
  world.app.sql('select kind, subject, charged, cardinality(refunded) as refunded from guesses.budgets order by 1, 2')

const ready = async (status: number) =>
  expect.poll(async () => (await world.ask({ path: '/health/ready' })).status).toBe(status)
/** Until the app has noticed. */
async function takeToken(): Promise<void> {
  await world.app.takeToken()
  await ready(503)
}
async function bringTokenBack(): Promise<void> {
  await world.app.bringTokenBack()
  await ready(200)
}

test('while the token is away every route that needs it says when to come back, and nothing has happened', async () => {
  const owner = await newWallet(world)
  const totp = await enableTotp(world, owner)
  const demand = demandIn(await world.ask(open(owner)), 'totp')
  const next = newPassword(owner)
  const adder = { source: owner.accountId, operations: [adding(next.signer.keyId)], signers: [owner.signer] }
  const factors = { path: `/wallets/${owner.walletId}/factors` }
  const asked: readonly Asked[] = [
    { method: 'POST', path: '/wallets', body: bodyOf(newOwner()) },
    { path: `/kdf?email=${owner.email}` },
    open(owner),
    factors,
    { ...factors, method: 'POST', by: owner.signer, body: { data: { type: 'email' } } },
    answering(demand, '000000'),
    updating(owner, changeBody(next, await swap(world, owner, next))),
    recovering(newOwner({ email: owner.email })),
    restoring(owner),
    submitting(await envelopeOf(world.ask, adder)),
  ]
  const before = await charged()
  await takeToken()
  for (const one of asked) {
    const answer = await world.ask(one)
    expect([told(answer), answer.headers.get('retry-after')], `of ${one.path}`).toEqual([
      [503, '{"errors":[{"title":"Service Unavailable","status":"503"}]}'],
      expect.stringMatching(/^[1-9]\d*$/),
    ])
  }
  expect((await world.ask({ path: '/kdf' })).status).toBe(200)
  await bringTokenBack()
  expect(await charged()).toEqual(before)
  expect(await signersOf(world.ask, owner.accountId)).toEqual([owner.signer.keyId])
  expect((await factorsOf(world.ask, owner)).map(({ type }) => type)).toEqual(['totp', 'password'])
  expect(told(await world.ask(answering(demand, await totpCode(totp.secret))))).toEqual([204, ''])
  expect((await world.ask(open(owner))).status).toBe(200)
})

test('what was proven before the token went is good when it is back', async () => {
  const owner = await newWallet(world)
  const next = newPassword(owner)
  const asked = updating(owner, changeBody(next, await swap(world, owner, next)))
  const demand = demandIn(await world.ask(asked), 'password')
  await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
  await takeToken()
  expect((await world.ask(asked)).status).toBe(503)
  await bringTokenBack()
  expect((await world.ask(asked)).status).toBe(200)
  expect([(await world.ask(open(next))).status, (await world.ask(open(owner))).status]).toEqual([200, 404])
})
