import { expect, onTestFinished, test } from 'vitest'
import { ETHER, soon } from './evm-world.ts'
import { begin, byHand } from './relay-begin.ts'
import { planOf } from './relay-world.ts'

test('a deployment is kept in the transaction that wanted it, and stands when a worker was there', async () => {
  const begun = await begin()
  const { world, chain } = begun
  const plan = planOf()
  const undone = world.database.transaction(async (tx) => {
    await chain.queueDeployment(tx, plan, { appId: 'app-1' })
    throw new Error('the sign-up failed')
  })
  await expect(undone).rejects.toThrow('the sign-up failed')
  const worker = world.work([chain])
  onTestFinished(() => worker.stop())
  const id = await world.queue(chain, plan)
  expect(await chain.transaction(world.database, id)).toBeDefined()
  await expect.poll(() => begun.deployed(id), soon).toBe(chain.addressOf(plan))
  expect(await chain.readAccount(chain.addressOf(plan) ?? '')).toMatchObject({ isGenuine: true, threshold: 1000 })
  expect(await world.queue(chain, plan)).toBe(id)
  const state = await chain.transaction(world.database, id)
  expect(state).toMatchObject({ state: 'succeeded', hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string })
  expect(await chain.outcomeOf(state && 'hash' in state ? state.hash : '')).toBe('succeeded')
})

test('what is out counts when it is as deep as was asked, and not before', async () => {
  const begun = await begin(byHand, { confirmations: 3 })
  const { world, chain } = begun
  const plan = planOf()
  const id = await world.queue(chain, plan)
  await world.look(chain)
  const sent = await chain.transaction(world.database, id)
  expect(sent?.state).toBe('sent')
  const hash = sent && 'hash' in sent ? sent.hash : ''
  expect(await chain.outcomeOf(hash)).toBe('pending')
  for (const blocks of [1, 1]) {
    await begun.pass(blocks)
    expect([(await world.read(id)).state, await chain.outcomeOf(hash)]).toEqual(['sent', 'pending'])
    expect(await chain.readAccount(chain.addressOf(plan) ?? '')).toBeUndefined()
  }
  await begun.pass()
  expect([(await world.read(id)).state, await chain.outcomeOf(hash)]).toEqual(['succeeded', 'succeeded'])
  expect(await chain.readAccount(chain.addressOf(plan) ?? '')).toMatchObject({ isGenuine: true })
  expect(await chain.outcomeOf(`0x${'00'.repeat(32)}`)).toBe('unknown')
})

test('a block of the deployment that a fork takes back: it is pending again, with the same bytes, and then it stands', async () => {
  const begun = await begin(byHand, { confirmations: 2 })
  const { evm, world, chain } = begun
  const plan = planOf()
  const id = await world.queue(chain, plan)
  await world.look(chain)
  await begun.pass()
  await evm.node.reorg(1)
  await begun.pass(2)
  expect(await world.read(id)).toMatchObject({ state: 'sent', versions: 1 })
  expect(await chain.readAccount(chain.addressOf(plan) ?? '')).toBeUndefined()
  await expect
    .poll(async () => {
      await begun.pass()
      return begun.deployed(id)
    }, soon)
    .toBe(chain.addressOf(plan))
  expect(await world.read(id)).toMatchObject({ state: 'succeeded', versions: 1 })
})

test('a fork deeper than we wait for: what was believed is out again, and ends again', async () => {
  const begun = await begin(byHand)
  const { evm, world, chain } = begun
  const ids = [await world.queue(chain), await world.queue(chain)]
  await world.look(chain)
  await begun.pass()
  expect(await begun.states(ids)).toEqual(['succeeded', 'succeeded'])
  const spent = await world.spent()
  await evm.node.reorg(1)
  await world.look(chain)
  expect(await begun.states(ids)).toEqual(['sent', 'sent'])
  await begun.pass()
  expect(await begun.states(ids)).toEqual(['succeeded', 'succeeded'])
  expect((await world.read(ids[0] ?? '')).versions).toBe(1)
  const drift = (await world.spent()) - spent
  expect(drift * drift < (spent / 4n) * (spent / 4n)).toBe(true)
})

test('what stays out is replaced at a higher price, once it is stuck, and its price is charged', async () => {
  const begun = await begin(byHand)
  const { world, chain } = begun
  const id = await world.queue(chain)
  await world.look(chain)
  const before = await world.read(id)
  await world.look(chain)
  expect((await world.read(id)).versions).toBe(1)
  await world.pass('31 seconds')
  await world.look(chain)
  const after = await world.read(id)
  expect(after.versions).toBe(2)
  expect(BigInt(after.charged)).toBeGreaterThan(BigInt(before.charged))
  expect(await world.spent()).toBe(BigInt(after.charged))
  await begun.pass()
  expect(await world.read(id)).toMatchObject({ state: 'succeeded', nonce: before.nonce })
})

test('a relayer without money is an outage; once it has some, what waited is sent', async () => {
  const begun = await begin(byHand)
  const { evm, world, chain, relayer } = begun
  await evm.node.fund(relayer.address, 0n)
  const id = await world.queue(chain)
  await expect(world.look(chain)).rejects.toMatchObject({ name: 'ChainUnavailable', code: 'relayer_out_of_funds' })
  expect(await world.read(id)).toMatchObject({ state: 'queued', nonce: null })
  await evm.node.fund(relayer.address, ETHER)
  await world.look(chain)
  // Spent elsewhere in between: signed bytes wait, and no nonce is given twice.
  await begun.pass()
  expect((await world.read(id)).state).toBe('succeeded')
})

test('an app out of its budget: a deployment waits for the next day, a request is refused, another app goes on', async () => {
  const begun = await begin({})
  const { evm, world } = begun
  // Enough for one deployment as it is charged, and not for two.
  const chain = evm.chain({ gasBudgetWei: String(2n * 10n ** 15n) })
  const ids = [await world.queue(chain), await world.queue(chain)]
  const other = await world.queue(chain, planOf(), 'app-2')
  await world.look(chain)
  await world.look(chain)
  expect((await begun.states([...ids, other])).toSorted()).toEqual(['queued', 'succeeded', 'succeeded'])
  expect((await world.read(other)).state).toBe('succeeded')
  expect(await world.spent()).toBeLessThanOrEqual(2n * 10n ** 15n)
  await world.look(chain)
  expect((await begun.states(ids)).toSorted()).toEqual(['queued', 'succeeded'])
  await world.pass('1 day')
  await world.look(chain)
  await world.look(chain)
  expect(await begun.states(ids)).toEqual(['succeeded', 'succeeded'])
})

test('rounds of a relayer that run beside each other, where no lease keeps them apart, do the same as one', async () => {
  const { evm, world, chain, relayer, states, pass } = await begin(byHand)
  const ids: string[] = []
  const beside = () => Promise.all(Array.from({ length: 4 }, () => world.look(chain, { leaseSeconds: 0 })))
  for (let i = 0; i < 4; i++) {
    ids.push(...(await Promise.all(Array.from({ length: 6 }, () => world.queue(chain)))))
    await beside()
  }
  await beside()
  const nonces = await Promise.all(ids.map(async (id) => (await world.read(id)).nonce))
  expect(new Set(nonces)).toEqual(new Set(ids.map((_id, index) => index)))
  await pass()
  expect(new Set(await states(ids))).toEqual(new Set(['succeeded']))
  expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(24)
})
