import { expect, onTestFinished, test } from 'vitest'
import { soon } from './evm-world.ts'
import { begin, byHand } from './relay-begin.ts'
import { planOf } from './relay-world.ts'
import type { RpcRoad } from './rpc-road.ts'

test('a node that is down is an outage for whoever asks; what waited is sent when it is back', async () => {
  const { world, chain, road, deployed } = await begin()
  const plan = planOf()
  road.decide(() => 'away')
  const worker = world.work([chain])
  onTestFinished(() => worker.stop())
  const id = await world.queue(chain, plan)
  await expect(chain.readAccount(chain.addressOf(plan) ?? '')).rejects.toMatchObject({ name: 'ChainUnavailable' })
  await expect(chain.outcomeOf(`0x${'11'.repeat(32)}`)).rejects.toMatchObject({ name: 'ChainUnavailable' })
  await expect.poll(() => road.asked.get('eth_chainId') ?? 0, soon).toBeGreaterThan(3)
  expect(await chain.transaction(world.database, id)).toEqual({ state: 'queued' })
  road.decide(() => ({ code: -32_005, message: 'daily request count exceeded' }))
  const before = road.asked.get('eth_chainId') ?? 0
  await expect.poll(() => road.asked.get('eth_chainId') ?? 0, soon).toBeGreaterThan(before + 1)
  road.mend()
  await expect.poll(() => deployed(id), soon).toBe(chain.addressOf(plan))
})

test('a node of another chain is asked nothing and sent nothing', async () => {
  const { evm, world, road } = await begin()
  const chain = evm.chain({ rpcUrl: road.url, chainId: 5 }, 'ethereum-goerli')
  await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ name: 'ChainUnavailable', code: 'other_chain' })
  await expect(chain.readAccount(chain.addressOf(planOf()) ?? '')).rejects.toMatchObject({ code: 'other_chain' })
  expect([...road.asked.keys()]).toEqual(['eth_chainId'])
})

test('where other code stands than ours, nobody is asked to sign and nothing is sent', async () => {
  const { evm, world, road } = await begin()
  const { implementation } = evm.chain().relayed.setting
  await evm.node.ask('anvil_setCode', implementation, '0x6001600101')
  const chain = evm.chain({ rpcUrl: road.url })
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ name: 'ChainUnavailable', code: 'other_contracts' })
  await expect(chain.describeChange(implementation, { kind: 'other' })).rejects.toMatchObject({
    code: 'other_contracts',
  })
  expect((await world.read(id)).state).toBe('queued')
  expect(road.asked.get('eth_sendRawTransaction')).toBeUndefined()
})

test('an answer that was lost: the same bytes go out again, and there is one deployment', async () => {
  const { evm, world, chain, road, relayer, pass, states } = await begin(byHand)
  road.decide(({ method }) => (method === 'eth_sendRawTransaction' ? 'lose-answer' : 'forward'))
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ name: 'ChainUnavailable' })
  expect(await world.read(id)).toMatchObject({ state: 'taken', versions: 1 })
  road.mend()
  await world.look(chain)
  await pass()
  expect(await states([id])).toEqual(['succeeded'])
  expect(await world.read(id)).toMatchObject({ versions: 1 })
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(1)
})

test('what no node takes leaves no gap: its nonce is filled by nothing, and those behind it go on', async () => {
  const { evm, world, chain, road, relayer, pass, states } = await begin(byHand)
  let refused = 0
  road.decide(({ method }) => {
    if (method !== 'eth_sendRawTransaction' || refused > 0) return 'forward'
    refused++
    return { code: -32_000, message: 'intrinsic gas too low' }
  })
  const ids = [await world.queue(chain), await world.queue(chain), await world.queue(chain)]
  await world.look(chain)
  await pass()
  expect(await states(ids)).toEqual(['refused', 'succeeded', 'succeeded'])
  expect(await world.read(ids[0] ?? '')).toMatchObject({ reason: 'rejected', nonce: 0, nothings: 1, versions: 2 })
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(3)
  expect(await chain.transaction(world.database, ids[0] ?? '')).toEqual({ state: 'refused', reason: 'rejected' })
})

test('answers that nobody understands hold up the others for a while, and not for good', async () => {
  const { world, chain, road, pass, states } = await begin(byHand)
  let first: unknown
  road.decide(({ method, params }) => {
    if (method !== 'eth_sendRawTransaction') return 'forward'
    first ??= params[0]
    return params[0] === first ? { code: -32_000, message: 'the moon is in the wrong house' } : 'forward'
  })
  const ids = [await world.queue(chain), await world.queue(chain)]
  let outages = 0
  for (; outages < 50; outages++)
    if (
      await world.look(chain).then(
        () => true,
        () => false,
      )
    )
      break
  expect(outages).toBeGreaterThan(10)
  await world.look(chain)
  await pass()
  expect(await states(ids)).toEqual(['refused', 'succeeded'])
})

test('a nonce that somebody else used with this key: what lost it gets another one, and stands', async () => {
  const { world, chain, road, pass, states } = await begin(byHand)
  const [first, second] = [await world.queue(chain), await world.queue(chain)]
  await world.look(chain)
  // As after a restore of an older database: the bytes that were mined are not those that we know.
  const { sql } = await import('@strongroom/storage')
  await world.owner.run(sql`update chains.sendings set hash = sha256(hash) where transaction_id = ${first}`)
  await pass()
  expect(await states([first, second])).toEqual(['sent', 'succeeded'])
  await world.pass('1 minute')
  await world.look(chain)
  expect(await world.read(first)).toMatchObject({ nonce: 2 })
  await pass()
  expect(await states([first, second])).toEqual(['succeeded', 'succeeded'])
  expect(road.asked.get('eth_sendRawTransaction')).toBeLessThan(10)
})

test('a relayer whose database is older than the chain goes on behind what the chain has', async () => {
  const { evm, world, chain, relayer, pass, states } = await begin(byHand)
  await evm.node.ask('anvil_setNonce', relayer.address, '0x9')
  const id = await world.queue(chain)
  await world.look(chain)
  expect(await world.read(id)).toMatchObject({ nonce: 9 })
  await pass()
  expect(await states([id])).toEqual(['succeeded'])
})

test('times that are too dear are waited out', async () => {
  const { evm, world, pass, states } = await begin(byHand)
  const chain = evm.chain({ maxGasPriceWei: String(3n * 10n ** 9n) })
  await evm.node.ask('anvil_setNextBlockBaseFeePerGas', `0x${(9n * 10n ** 9n).toString(16)}`)
  await evm.node.mine()
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ code: 'gas_too_dear' })
  expect(await world.read(id)).toMatchObject({ state: 'queued', nonce: null })
  await evm.node.ask('anvil_setNextBlockBaseFeePerGas', '0x3b9aca00')
  await evm.node.mine()
  await world.look(chain)
  await pass()
  expect(await states([id])).toEqual(['succeeded'])
})

/** Each transaction of ours is answered with these words; what was sent so far. */
function answering(road: RpcRoad, answer: { code: number; message: string }, method = 'eth_sendRawTransaction') {
  const sent: unknown[] = []
  road.decide((question) => {
    if (question.method !== method) return 'forward'
    sent.push(question.params[0])
    return answer
  })
  return sent
}

test.each([
  ['that nobody knows', 'the moon is in the wrong house', 'odd_answer'],
  ['that it takes no more now', 'txpool is full', 'not_now'],
  ['that there is a gap, since it forgot those before', 'NonceGap, Future nonce. Expected nonce: 0', 'not_now'],
])('a node that says %s is sent the same bytes again, under the same nonce', async (_what, message, code) => {
  const { evm, world, chain, road, relayer, pass, states } = await begin(byHand)
  const sent = answering(road, { code: -32_000, message })
  const id = await world.queue(chain)
  for (let looks = 0; looks < 8; looks++) await expect(world.look(chain)).rejects.toMatchObject({ code })
  expect([sent.length, new Set(sent).size]).toEqual([8, 1])
  expect(await world.read(id)).toMatchObject({ state: 'taken', nonce: 0, versions: 1 })
  road.mend()
  await world.look(chain)
  await pass()
  expect(await states([id])).toEqual(['succeeded'])
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(1)
})

test('“not now” is no odd answer, however often it comes: no nonce is given up for a node that is busy', async () => {
  const { world, chain, road, pass, states } = await begin(byHand)
  answering(road, { code: -32_000, message: 'txpool is full' })
  const id = await world.queue(chain)
  for (let looks = 0; looks < 25; looks++) await expect(world.look(chain)).rejects.toMatchObject({ code: 'not_now' })
  road.mend()
  await world.look(chain)
  await pass()
  expect([await states([id]), (await world.read(id)).nothings]).toEqual([['succeeded'], 0])
})

test.each([
  ['held', { code: -32_603, message: 'already known' }, { state: 'sent', versions: 1, nothings: 0 }],
  [
    'never taken',
    { code: -32_005, message: 'Transaction gas limit exceeds block gas limit' },
    { versions: 2, nothings: 1 },
  ],
])('bytes that a node says are %s, under a code of its outages, are not an outage', async (_what, answer, expected) => {
  const { world, chain, road } = await begin(byHand)
  let first: unknown
  road.decide(({ method, params }) => {
    if (method !== 'eth_sendRawTransaction') return 'forward'
    first ??= params[0]
    return params[0] === first ? answer : 'forward'
  })
  const id = await world.queue(chain)
  await world.look(chain)
  expect(await world.read(id)).toMatchObject(expected)
})

test('a node that looks for money when it is asked what something takes, refuses nothing that was queued', async () => {
  const { world, chain, road, pass, states } = await begin(byHand)
  answering(road, { code: -32_000, message: 'insufficient funds for transfer' }, 'eth_estimateGas')
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ code: 'relayer_out_of_funds' })
  expect(await states([id])).toEqual(['queued'])
  road.mend()
  await world.look(chain)
  await pass()
  expect(await states([id])).toEqual(['succeeded'])
})
