import { limiter } from '@strongroom/http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { asking, newHolder, newTaker, recovering } from '../../test/changing.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newOwner, type WalletOwner } from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const two = () => limiter({ each: { points: 2, window: 600 }, all: { points: 1_000_000, window: 600 } })

const recover = async (owner: WalletOwner) => (await asking(world, recovering(newTaker(owner)))).status

test('a caller tries no more addresses by recoveries than by GET /kdf', async () => {
  world.serveWith({ limits: { ...world.deps.limits, lookups: two() } })
  const strangers = [newOwner(), newOwner(), await newHolder(world)]
  const answers = []
  for (const one of strangers) answers.push(await recover(one))
  expect(answers).toEqual([404, 404, 429])
  expect((await world.ask('GET', `/kdf?email=${newOwner().email}`)).status).toBe(429)
})

test('nor do many callers one address', async () => {
  world.serveWith({ lookupsOfOne: two() })
  const [one, other] = [newOwner(), newOwner()]
  expect([await recover(one), await recover(one), await recover(one)]).toEqual([404, 404, 429])
  expect(await recover(other)).toBe(404)
})
