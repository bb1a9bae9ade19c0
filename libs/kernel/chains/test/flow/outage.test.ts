import { randomUUID } from 'node:crypto'
import { startFlowStub } from '@strongroom/flow-stub'
import { shiftClock, sql } from '@strongroom/storage'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ChainUnavailable } from '../../src/chain-unavailable.ts'
import { advance } from '../../src/flow/advance.ts'
import { payloadMessage } from '../../src/flow/message.ts'
import { bare, cadenceOf, type FlowWorld, flowWorld, payloadFor, payloadHex, planOf, testKey } from './flow-world.ts'

let world: FlowWorld
beforeEach(async () => {
  world = await flowWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

const newPlan = () => planOf(randomUUID(), testKey(), testKey())
const step = (id: string, relay = world.relay) => advance(relay.deps, id)
const created = () =>
  world.stub.outcomes().filter(({ events }) => events.some(({ type }) => type === 'flow.AccountCreated')).length
const succeeded = { state: 'succeeded', address: expect.stringMatching(/^0x/) as unknown }
const outage = (code: string) => expect.objectContaining({ name: 'ChainUnavailable', code }) as unknown

/** Answers some questions itself, as a node that is not well would. */
const nodeThat =
  (answers: (path: string, method: string) => Response | undefined): typeof fetch =>
  async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input)
    return answers(pathname + search, init?.method ?? 'GET') ?? fetch(input, init)
  }
/** Numbers of the Access API are texts. */
const asText = (key: object) =>
  Object.fromEntries(
    Object.entries(key).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
  )
const json = (body: unknown, status = 200) => Response.json(body, { status })

describe('a node that does not answer', () => {
  test('is an outage, and what was queued is sent when it is back', async () => {
    const id = await world.deploy(newPlan())
    world.stub.fail('unavailable')
    await expect(step(id)).rejects.toEqual(outage('http_503'))
    await expect(world.chain.readAccount(world.chain.payer.address)).rejects.toThrow(ChainUnavailable)
    await expect(world.chain.outcomeOf('ab'.repeat(32))).rejects.toThrow(ChainUnavailable)
    expect(await world.stateOf(id)).toMatchObject({ state: 'queued', tries: 0 })
    world.stub.fail('none')
    await world.work()
    expect(await world.stateOf(id)).toMatchObject(succeeded)
  })

  test('is an outage where it hangs, is gone, speaks something else, or is of another network', async () => {
    const id = await world.deploy(newPlan())
    const impatient = world.relayWith({
      fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(200) }),
    })
    world.stub.fail('hang')
    await expect(step(id, impatient)).rejects.toEqual(outage('TimeoutError'))
    world.stub.fail('none')
    const closed = await startFlowStub()
    await closed.close()
    const gone = world.relayWith({ fetch: (_input, init) => fetch(closed.url, init) })
    await expect(step(id, gone)).rejects.toEqual(outage('ECONNREFUSED'))
    const html = world.relayWith({ fetch: async () => new Response('<html>', { status: 200 }) })
    await expect(step(id, html)).rejects.toEqual(outage('not_flow'))
    const moved = world.relayWith({ fetch: async () => new Response('', { status: 404 }) })
    await expect(step(id, moved)).rejects.toEqual(outage('http_404'))
    const other = nodeThat((path) => (path.startsWith('/v1/network') ? json({ chain_id: 'flow-mainnet' }) : undefined))
    await expect(step(id, world.relayWith({ fetch: other }))).rejects.toEqual(outage('other_chain'))
    expect(world.stub.outcomes()).toEqual([])
    await world.work()
    expect(await world.stateOf(id)).toMatchObject(succeeded)
  })

  test('after it took a transaction has made one account', async () => {
    const id = await world.deploy(newPlan())
    world.stub.meetWith('lose-answer')
    await expect(step(id)).rejects.toThrow(ChainUnavailable)
    const { hash } = await world.stateOf(id)
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 1, hash })
    expect(created()).toBe(1)
  })

  test('has no payer of ours: nothing is signed', async () => {
    const id = await world.deploy(newPlan())
    const none = nodeThat((path) => (path.startsWith('/v1/accounts') ? json({}, 404) : undefined))
    await expect(step(id, world.relayWith({ fetch: none }))).rejects.toEqual(outage('payer_unknown'))
    const { keys, ...account } = (await world.chain.access.api.accountAt(
      bare(world.chain.payer.address),
      'sealed',
    )) ?? {
      keys: [],
    }
    const broken = [{ revoked: true }, { weight: 999 }, { public_key: `0x${'1'.repeat(128)}` }, { index: 7 }]
    for (const change of [...broken, { hashing_algorithm: 'SHA3_256' }]) {
      const changed = keys.map((key) => asText({ ...key, ...change }))
      const other = nodeThat((path) =>
        path.startsWith('/v1/accounts') ? json({ ...account, keys: changed }) : undefined,
      )
      await expect(step(id, world.relayWith({ fetch: other }))).rejects.toEqual(outage('payer_without_key'))
    }
    expect(await world.stateOf(id)).toMatchObject({ state: 'queued', tries: 0, hash: null })
  })
})

describe('a transaction', () => {
  test('that waits to be sealed is not taken for done, and no second one is made', async () => {
    world.stub.mine('by hand')
    const id = await world.deploy(newPlan())
    await step(id)
    await step(id)
    expect(world.stub.outcomes()).toMatchObject([{ status: 'Pending' }])
    world.stub.lag(3)
    world.stub.advance(1)
    await step(id)
    expect(world.stub.outcomes()).toMatchObject([{ status: 'Executed' }])
    const { state, hash, address } = await world.stateOf(id)
    expect({ state, address }).toEqual({ state: 'queued', address: null })
    expect(await world.chain.outcomeOf(hash ?? '')).toBe('pending')
    world.stub.advance(3)
    await step(id)
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 1, hash })
  })

  test('that the network lost is sent again, the same', async () => {
    const id = await world.deploy(newPlan())
    world.stub.meetWith('drop')
    await step(id)
    const { hash } = await world.stateOf(id)
    expect(world.stub.outcomes()).toEqual([])
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 1, hash })
  })

  test('that expired is made anew, and not before it is proven that it never runs', async () => {
    const id = await world.deploy(newPlan())
    world.stub.meetWith('drop')
    await step(id)
    const { hash: dropped } = await world.stateOf(id)
    const refusing = world.relayWith({
      fetch: nodeThat((_path, method) => (method === 'POST' ? json({}, 400) : undefined)),
    })
    // The block that was made when it was dropped counts too: this is the last one that could hold it.
    world.stub.advance(599)
    await step(id, refusing)
    expect(await world.stateOf(id)).toMatchObject({ state: 'queued', tries: 1, hash: dropped })
    expect(await world.freeKeys()).toBe(1)
    world.stub.advance(1)
    await step(id, refusing)
    expect(await world.stateOf(id)).toMatchObject({ state: 'queued', tries: 1 })
    expect(await world.freeKeys()).toBe(2)
    await world.work()
    const { state, tries, hash } = await world.stateOf(id)
    expect({ state, tries, made: created() }).toEqual({ state: 'succeeded', tries: 2, made: 1 })
    expect(hash).not.toBe(dropped)
  })

  test('of somebody else that expired is told as failed, and not made anew', async () => {
    const keys = [testKey(), testKey()]
    const account = bare(world.stub.addAccount(keys.map((key) => key.signer())))
    const change = { kind: 'add-signer', signer: testKey().signer() } as const
    const script = cadenceOf(await world.chain.describeChange(account, change))
    const payload = await payloadFor(world, { account, script })
    const signatures = keys.map((key) => key.sign(payloadMessage(payload)))
    const id = await world.database.transaction((tx) =>
      world.chain.queueRequest(tx, payloadHex(payload), { signatures, charge: { appId: 'app' } }),
    )
    world.stub.meetWith('drop')
    await step(id)
    world.stub.advance(600)
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ state: 'failed', tries: 1 })
    expect(world.stub.outcomes()).toEqual([])
  })

  test('that ran is not made anew by a node that has forgotten it', async () => {
    const id = await world.deploy(newPlan())
    await step(id)
    world.stub.advance(700)
    const forgets = nodeThat((path) => (path.startsWith('/v1/transaction_results') ? json({}, 404) : undefined))
    const relay = world.relayWith({ fetch: forgets })
    await step(id, relay)
    await step(id, relay)
    expect(await world.stateOf(id)).toMatchObject({ state: 'queued', tries: 1 })
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 1 })
    expect(created()).toBe(1)
  })

  test('is not proven dead by a node that does not have that block', async () => {
    const id = await world.deploy(newPlan())
    world.stub.meetWith('drop')
    await step(id)
    world.stub.advance(700)
    const behind = nodeThat((path) => (path.startsWith('/v1/accounts') ? json({}, 404) : undefined))
    await step(id, world.relayWith({ fetch: behind }))
    expect(await world.stateOf(id)).toMatchObject({ state: 'queued', tries: 1 })
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 2 })
  })

  test('with a wrong sequence number fails, and the next one has the right one', async () => {
    const id = await world.deploy(newPlan())
    await world.database.run(sql`
      insert into chains.flow_proposal_keys (chain, key_index, sequence_number)
      values ('flow-testnet', 0, 7), ('flow-testnet', 1, 7)`)
    await step(id)
    expect(world.stub.outcomes()).toMatchObject([{ error: expect.stringContaining('[Error Code: 1007]') as unknown }])
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 2 })
    expect(created()).toBe(1)
  })

  test('that fails every time is given up and told as failed, until it is asked for again', async () => {
    const plan = newPlan()
    const id = await world.deploy(plan)
    const failed = { block_id: '', status: 'Sealed', status_code: 1, error_message: '[Error Code: 1101]', events: [] }
    const broke = nodeThat((path, method) => {
      if (method === 'POST') return json({ id: 'ab'.repeat(32) }, 201)
      return path.startsWith('/v1/transaction_results') ? json(failed) : undefined
    })
    const relay = world.relayWith({ fetch: broke })
    for (let tries = 0; tries < 25; tries++) await step(id, relay)
    expect(await world.stateOf(id)).toMatchObject({ state: 'failed', tries: 20 })
    expect(await world.chain.transaction(world.database, id)).toMatchObject({ state: 'failed' })
    expect(await world.freeKeys()).toBe(2)
    expect(await world.deploy(plan)).toBe(id)
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 21 })
    expect(created()).toBe(1)
  })

  test('whose account is not told is asked for again', async () => {
    const id = await world.deploy(newPlan())
    await step(id)
    const silent = { block_id: '', status: 'Sealed', status_code: 0, error_message: '', events: [] }
    const node = nodeThat((path) => (path.startsWith('/v1/transaction_results') ? json(silent) : undefined))
    await expect(step(id, world.relayWith({ fetch: node }))).rejects.toEqual(outage('no_address'))
    await world.work()
    expect(await world.stateOf(id)).toMatchObject(succeeded)
  })

  test('of a token that signs wrongly is never sent', async () => {
    const id = await world.deploy(newPlan())
    const wrong = world.relayWith({ sign: (message) => testKey().signAnew(message) })
    await expect(step(id, wrong)).rejects.toThrow('does not verify')
    expect(await world.stateOf(id)).toMatchObject({ state: 'queued', hash: null })
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ ...succeeded, tries: 1 })
  })
})

describe('an app that has spent its day', () => {
  test('has its deployments wait for the next, and others go on', async () => {
    const poor = world.relayWith({ transactionsPerDay: 1 })
    const [first, second] = [await world.deploy(newPlan(), 'poor'), await world.deploy(newPlan(), 'poor')]
    const other = await world.deploy(newPlan(), 'other')
    await world.work(poor)
    expect(await world.stateOf(first)).toMatchObject(succeeded)
    expect(await world.stateOf(other)).toMatchObject(succeeded)
    expect(await world.stateOf(second)).toMatchObject({ state: 'queued', tries: 0, hash: null })
    expect(await world.chain.transaction(world.database, second)).toEqual({ state: 'queued' })
    await shiftClock(world.owner, '1 day')
    await world.work(poor)
    expect(await world.stateOf(second)).toMatchObject(succeeded)
  })

  test('has its requests refused, which may be asked for again', async () => {
    const keys = [testKey(), testKey()]
    const account = bare(world.stub.addAccount(keys.map((key) => key.signer())))
    const change = { kind: 'add-signer', signer: testKey().signer() } as const
    const payload = await payloadFor(world, {
      account,
      script: cadenceOf(await world.chain.describeChange(account, change)),
    })
    const signatures = keys.map((key) => key.sign(payloadMessage(payload)))
    const queue = () =>
      world.database.transaction((tx) =>
        world.chain.queueRequest(tx, payloadHex(payload), { signatures, charge: { appId: 'app' } }),
      )
    const id = await queue()
    await world.work(world.relayWith({ transactionsPerDay: 0 }))
    expect(await world.chain.transaction(world.database, id)).toEqual({ state: 'refused', reason: 'budget' })
    expect(await queue()).toBe(id)
    await world.work()
    expect(await world.stateOf(id)).toMatchObject({ state: 'succeeded' })
  })
})
