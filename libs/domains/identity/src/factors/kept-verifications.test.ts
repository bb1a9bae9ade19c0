import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asking, elsewhere, moving, newHolder } from '../../test/changing.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { answerTo, demandIn } from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test.each([
  { what: 'a new time of its verification', set: sql`verified_at = strongroom.now()` },
  { what: 'a new end', set: sql`expires_at = strongroom.now() + interval '10 minutes'` },
  {
    what: 'new times',
    set: sql`verified_at = strongroom.now(), expires_at = strongroom.now() + interval '10 minutes'`,
  },
])('a verification that was kept and put back with $what proves nothing', async ({ set }) => {
  const owner = await newHolder(world)
  const call = moving(owner, elsewhere(owner))
  const demand = demandIn(await asking(world, call))
  expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
  await world.sql.run(sql`update identity.factor_tokens set ${set} where proof is not null`)
  expect((await asking(world, call)).status).toBe(403)
})

test('one that nobody touched serves its request', async () => {
  const owner = await newHolder(world)
  const call = moving(owner, elsewhere(owner))
  const demand = demandIn(await asking(world, call))
  expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
  expect((await asking(world, call)).status).toBe(204)
})
