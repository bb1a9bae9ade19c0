import { sql } from '@strongroom/storage'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { emptyRelayer, standingOf, switchRelayer } from '../src/relay/replace-relayer.ts'
import { ETHER } from './evm-world.ts'
import { begin, byHand } from './relay-begin.ts'
import { planOf } from './relay-world.ts'

async function twoRelayers() {
  const begun = await begin(byHand)
  const { evm, world, chain, relayer: old } = begun
  const change = () => switchRelayer(world.options, chain.relayed)
  const payerOf = async (id: string) =>
    (
      await world.database.one(
        z.object({ payer: z.string() }),
        sql`select '0x' || encode(r.address, 'hex') as payer
              from chains.transactions as t join chains.relayers as r on r.id = t.relayer_id where t.id = ${id}`,
      )
    ).payer
  const replace = async () => {
    const { address } = await change()
    await evm.node.fund(address, ETHER)
    await change()
    return address
  }
  return { ...begun, old, change, payerOf, replace, standing: () => standingOf(world.options, chain.relayed) }
}

test('a new gas key waits for money, and pays when it has some: nothing is sent by it before', async () => {
  const { evm, world, chain, old, change, payerOf, pass, standing } = await twoRelayers()
  const { address, pays, wants } = await change()
  expect([pays, wants > 0n, address === old.address]).toEqual([false, true, false])
  // Once more it is the same key that waits.
  expect(await change()).toMatchObject({ address, pays: false })
  await evm.node.fund(address, wants - 1n)
  expect(await change()).toMatchObject({ address, pays: false })
  const first = await world.queue(chain)
  await world.look(chain)
  await pass()
  expect(await payerOf(first)).toBe(old.address)
  await evm.node.fund(address, ETHER)
  expect(await change()).toMatchObject({ address, pays: true })
  const second = await world.queue(chain)
  await world.look(chain)
  await pass()
  expect([await payerOf(second), (await world.read(second)).nonce]).toEqual([address, 0])
  expect((await standing()).map(({ state, out }) => [state, out])).toEqual([
    ['active', 0],
    ['retired', 0],
  ])
})

test('what the old key has out ends, beside what the new one sends; a fork is no difference', async () => {
  const { evm, world, chain, old, replace, payerOf, pass, states, stands } = await twoRelayers()
  const [olds, plans] = [
    [await world.queue(chain), await world.queue(chain)],
    [planOf(), planOf()],
  ]
  await world.look(chain)
  const address = await replace()
  const news = [await world.queue(chain, plans[0]), await world.queue(chain, plans[1])]
  await world.look(chain)
  await pass()
  expect(await states([...olds, ...news])).toEqual(Array.from({ length: 4 }, () => 'succeeded'))
  expect(await Promise.all([...olds, ...news].map(payerOf))).toEqual([old.address, old.address, address, address])
  await evm.node.reorg(1)
  await world.look(chain)
  expect(await states([...olds, ...news])).toEqual(Array.from({ length: 4 }, () => 'sent'))
  await pass()
  expect(await states([...olds, ...news])).toEqual(Array.from({ length: 4 }, () => 'succeeded'))
  for (const plan of plans) expect(await stands(chain, chain.addressOf(plan))).toBe(true)
  expect(await evm.rpc.countOf(old.address, 'latest')).toBe(2)
  expect(await evm.rpc.countOf(address, 'latest')).toBe(2)
})

test('replaced in the middle of a round, the old key gives no nonce away any more', async () => {
  const { evm, world, chain, old, change, road, payerOf, pass } = await twoRelayers()
  const { address } = await change()
  await evm.node.fund(address, ETHER)
  const id = await world.queue(chain)
  road.decide(async ({ method, params }) => {
    // It has looked whether it can pay, and is about to take the transaction.
    if (method === 'eth_getBalance' && params[0] === old.address) {
      road.mend()
      await change()
    }
    return 'forward' as const
  })
  await world.look(chain)
  expect(await world.read(id)).toMatchObject({ state: 'queued', nonce: null })
  await world.look(chain)
  await pass()
  expect(await payerOf(id)).toBe(address)
})

test('an old key that cannot pay for what it has out holds up nothing that the new one sends', async () => {
  const { evm, world, chain, old, replace, road, pass, states } = await twoRelayers()
  road.decide(({ method }) => (method === 'eth_sendRawTransaction' ? 'away' : 'forward'))
  const stuck = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ name: 'ChainUnavailable' })
  road.mend()
  await evm.node.fund(old.address, 0n)
  await replace()
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ code: 'relayer_out_of_funds' })
  await evm.node.mine()
  await expect(world.look(chain)).rejects.toMatchObject({ code: 'relayer_out_of_funds' })
  expect(await states([stuck, id])).toEqual(['taken', 'succeeded'])
  await evm.node.fund(old.address, ETHER)
  await world.look(chain)
  await pass()
  expect(await states([stuck, id])).toEqual(['succeeded', 'succeeded'])
})

test('and a new key that has nothing left holds up no end of what the old one sent', async () => {
  const { evm, world, chain, replace, road, pass, states } = await twoRelayers()
  const sent = await world.queue(chain)
  await world.look(chain)
  const address = await replace()
  await evm.node.fund(address, 0n)
  const waits = await world.queue(chain)
  const estimates = road.asked.get('eth_estimateGas') ?? 0
  await expect(pass()).rejects.toMatchObject({ code: 'relayer_out_of_funds' })
  // The old one does not even look at what waits.
  expect(road.asked.get('eth_estimateGas')).toBe(estimates + 1)
  expect(await states([sent, waits])).toEqual(['succeeded', 'queued'])
})

test('what a replaced key has left goes to the one that pays, when nothing of it is out', async () => {
  const { evm, world, chain, old, replace, pass } = await twoRelayers()
  const empty = () =>
    emptyRelayer(world.options, { chain: chain.relayed, address: old.address, wait: () => evm.node.mine() })
  await expect(empty()).rejects.toThrow('no relayer of this address')
  await world.queue(chain)
  await world.look(chain)
  const heir = await replace()
  await expect(empty()).rejects.toThrow('are out')
  await pass()
  const before = await evm.rpc.balanceOf(heir)
  const sent = await empty()
  expect(sent).toBeGreaterThan(99n * ETHER)
  expect(await evm.rpc.balanceOf(heir)).toBe(before + sent)
  expect(await empty()).toBe(0n)
})

test('who comes to switch when another just did changes nothing', async () => {
  const { evm, change, road, standing } = await twoRelayers()
  const { address } = await change()
  await evm.node.fund(address, ETHER)
  road.decide(async ({ method, params }) => {
    if (method === 'eth_getBalance' && params[0] === address) {
      road.mend()
      await change()
    }
    return 'forward' as const
  })
  expect(await change()).toMatchObject({ address, pays: true })
  expect((await standing()).map((one) => [one.address === address, one.state])).toEqual([
    [true, 'active'],
    [false, 'retired'],
  ])
})

test('money goes to no address that somebody else wrote into the row of a relayer', async () => {
  const { evm, world, chain, old, change, replace, standing } = await twoRelayers()
  const heir = await replace()
  expect((await standing()).map(({ isOurs }) => isOurs)).toEqual([true, true])
  const theirs = Buffer.from('70997970c51812dc3a010c7d01b50e0d17dc79c8', 'hex')
  await world.owner.run(sql`update chains.relayers set address = ${theirs} where state = 'active'`)
  expect((await standing()).map(({ isOurs }) => isOurs)).toEqual([false, true])
  const before = await evm.rpc.balanceOf(old.address)
  const wait = () => evm.node.mine()
  await expect(emptyRelayer(world.options, { chain: chain.relayed, address: old.address, wait })).rejects.toThrow(
    'does not sign for its address',
  )
  expect([await evm.rpc.balanceOf(old.address), heir === old.address]).toEqual([before, false])
  await change()
  await world.owner.run(
    sql`update chains.relayers set address = substr(sha256(address), 1, 20) where state = 'waiting'`,
  )
  await expect(change()).rejects.toThrow('does not sign for its address')
})

test('of many who replace at once, one key waits and one pays', async () => {
  const { evm, world, change, standing } = await twoRelayers()
  const made = await Promise.all([1, 2, 3].map(change))
  expect(new Set(made.map(({ address }) => address)).size).toBe(1)
  await evm.node.fund(made[0]?.address ?? '', ETHER)
  await Promise.all([1, 2, 3].map(() => change().catch(() => undefined)))
  const states = (await standing()).map(({ state }) => state)
  expect(states.filter((state) => state === 'active')).toEqual(['active'])
  await expect(world.owner.run(sql`update chains.relayers set state = 'active', retired_at = null`)).rejects.toThrow(
    'relayers_who_pay',
  )
})
