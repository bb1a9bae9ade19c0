import { sql } from '@strongroom/storage'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ETHER } from './evm-world.ts'
import { type Begun, begin, byHand } from './relay-begin.ts'
import { planOf } from './relay-world.ts'

/** Enough for an answer of the node, and not for an account. */
const TOO_LITTLE = '0x186a0'

/** A node that says that a deployment takes a quarter of what it does. */
function underestimate({ road }: Begun): void {
  road.decide(({ method }) => (method === 'eth_estimateGas' ? { result: TOO_LITTLE } : 'forward'))
}

async function outOfGas() {
  const begun = await begin(byHand)
  const { world, chain, road, pass, states } = begun
  const plan = planOf()
  underestimate(begun)
  const id = await world.queue(chain, plan)
  await world.look(chain)
  await pass()
  expect(await states([id])).toEqual(['failed'])
  road.mend()
  return { ...begun, plan, id, again: () => world.queue(chain, plan) }
}

test('a deployment that ran out of gas is paid for, stands nowhere, and is the same one when it is queued again', async () => {
  const { evm, world, chain, relayer, plan, id, again, pass, states, stands } = await outOfGas()
  const lost = await world.spent()
  expect(lost).toBeGreaterThan(0n)
  expect(await stands(chain, chain.addressOf(plan))).toBe(false)
  expect(await chain.transaction(world.database, id)).toMatchObject({ state: 'failed' })
  expect(await again()).toBe(id)
  expect(await again()).toBe(id)
  await world.look(chain)
  await pass()
  expect(await world.read(id)).toMatchObject({ state: 'succeeded', nonce: 1 })
  expect(await stands(chain, chain.addressOf(plan))).toBe(true)
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(2)
  const { charged } = await world.read(id)
  expect(await world.spent()).toBe(lost + BigInt(charged))
  await world.look(chain)
  expect(await states([id])).toEqual(['succeeded'])
})

test('a fork that takes both tries back leaves one account, and no nonce open', async () => {
  const { evm, world, chain, relayer, plan, id, again, pass, stands } = await outOfGas()
  await again()
  await world.look(chain)
  await pass()
  await evm.node.reorg(2)
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(0)
  for (let blocks = 0; blocks < 4; blocks++) {
    await world.look(chain)
    await pass()
  }
  expect(await world.read(id)).toMatchObject({ state: 'succeeded', nonce: 1 })
  expect(await stands(chain, chain.addressOf(plan))).toBe(true)
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(2)
})

test('tried again without money it waits, under no nonce, and stands once there is some', async () => {
  const { evm, world, chain, relayer, plan, id, again, pass, stands } = await outOfGas()
  await evm.node.fund(relayer.address, 0n)
  await again()
  await expect(world.look(chain)).rejects.toMatchObject({ code: 'relayer_out_of_funds' })
  expect(await world.read(id)).toMatchObject({ state: 'queued', nonce: null })
  await evm.node.fund(relayer.address, ETHER)
  await world.look(chain)
  await pass()
  expect(await stands(chain, chain.addressOf(plan))).toBe(true)
})

test('a plan that somebody else deploys first, in the same block, is ours all the same: one account, one transaction of ours', async () => {
  const { evm, world, chain, relayer, pass, states, stands, deployed } = await begin(byHand)
  const plan = planOf()
  const id = await world.queue(chain, plan)
  await world.look(chain)
  const { target, calldata } = await world.database.one(
    z.object({ target: z.string(), calldata: z.string() }),
    sql`select '0x' || encode(target, 'hex') as target, '0x' || encode(calldata, 'hex') as calldata
          from chains.transactions where id = ${id}`,
  )
  // At a far higher price than ours: it comes first, and mines the block.
  expect(await evm.send(target as `0x${string}`, calldata as `0x${string}`)).toBe(true)
  await pass()
  expect([await states([id]), await deployed(id)]).toEqual([['succeeded'], chain.addressOf(plan)])
  expect(await stands(chain, chain.addressOf(plan))).toBe(true)
  expect(await world.read(id)).toMatchObject({ versions: 1, nothings: 0 })
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(1)
})
