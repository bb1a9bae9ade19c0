import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Call, newHolder, passing } from '../../test/changing.ts'
import { newShared, signedBy, submitting, adding } from '../../test/cosigning.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { demandIn, newPhone, type WalletOwner } from '../../test/wallet-owner.ts'
import { displacedBy } from './displaced-by.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const factorsOf = async ({ walletId }: WalletOwner) =>
  (
    (await world.ask('GET', `/wallets/${walletId}/factors`)).body as {
      data: { id: string; type: string; attributes: { priority: number } }[]
    }
  ).data

/** By a key that signs for the account, and nothing else of its owner's. */
async function addPhone({ account, key }: WalletOwner): Promise<string> {
  const phone = newPhone()
  const call = { method: 'PUT', target: `/identities/${account}/settings/phone`, by: key }
  const { answer } = await passing(world, { ...call, body: { data: { attributes: { phone } } } }, { phone })
  expect(answer.status).toBe(204)
  return phone
}

async function setting(owner: WalletOwner, type: string, priority: number): Promise<Call> {
  const id = (await factorsOf(owner)).find((one) => one.type === type)?.id ?? ''
  const body = { data: { attributes: { priority } } }
  return { method: 'PATCH', target: `/wallets/${owner.walletId}/factors/${id}`, by: owner.key, body }
}

describe('whoever stole a key and brings a number of his own', () => {
  test.each([100, 101, 1_000_000])(
    'does not put it before the password, nor beside it, by the priority %i',
    async (priority) => {
      const { owner } = await newShared(world)
      const phone = await addPhone(owner)
      const { demanded, answer } = await passing(world, await setting(owner, 'phone', priority), { phone })
      expect([demanded, answer.status]).toEqual([['password'], 403])
      const cosigning = await submitting(world, await signedBy(owner, { operations: [adding()] }))
      expect(demandIn(cosigning).factor_type).toBe('password')
    },
  )

  test('enables it behind the password, and comes no further from there', async () => {
    const owner = await newHolder(world)
    const phone = await addPhone(owner)
    const enabled = await passing(world, await setting(owner, 'phone', 99), { phone })
    expect([enabled.demanded, enabled.answer.status]).toEqual([['phone'], 204])
    const raised = await passing(world, await setting(owner, 'phone', 100), { phone })
    expect([raised.demanded, raised.answer.status]).toEqual([['password'], 403])
  })

  test('nor does who reads the mail, by the factor that a recovery made', async () => {
    const owner = await newHolder(world)
    const { email, password } = owner
    const create = { method: 'POST', target: `/wallets/${owner.walletId}/factors`, by: owner.key }
    await passing(world, { ...create, body: { data: { type: 'email' } } }, { password })
    const raised = await passing(world, await setting(owner, 'email', 200), { email })
    expect([raised.demanded, raised.answer.status]).toEqual([['password'], 403])
  })
})

test('the owner, who proves both, puts a factor before the password', async () => {
  const owner = await newHolder(world)
  const { password } = owner
  const phone = await addPhone(owner)
  const { demanded, answer } = await passing(world, await setting(owner, 'phone', 200), { password, phone })
  expect([demanded, answer.status]).toEqual([['password', 'phone'], 204])
  expect((await factorsOf(owner)).map(({ type, attributes: { priority } }) => [type, priority])).toEqual([
    ['phone', 200],
    ['password', 100],
  ])
  const lowered = await passing(world, await setting(owner, 'phone', 0), { phone })
  expect([lowered.demanded, lowered.answer.status]).toEqual([['phone'], 204])
})

test('TOTP, which the password made, displaces the first by its own code; no other does, nor is one displaced by itself', () => {
  const [password, totp, phone] = (['password', 'totp', 'phone'] as const).map((type, index) => ({
    id: index,
    ref: type,
    type,
    priority: [100, 50, 0][index] ?? 0,
  }))
  if (!password || !totp || !phone) throw new Error('no factors')
  const factors = [password, totp, phone]
  expect(displacedBy(factors, totp, 1000)).toBeUndefined()
  expect(displacedBy(factors, password, 1000)).toBeUndefined()
  expect(displacedBy(factors, phone, 99)).toBeUndefined()
  expect(displacedBy(factors, phone, 100)).toBe(password)
})
