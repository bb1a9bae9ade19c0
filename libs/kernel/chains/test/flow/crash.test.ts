import { randomUUID } from 'node:crypto'
import type { Database, Statements } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AccountPlan } from '../../src/chain.ts'
import { advance } from '../../src/flow/advance.ts'
import { payloadMessage } from '../../src/flow/message.ts'
import type { FlowRelay } from '../../src/flow/relay.ts'
import { bare, cadenceOf, type FlowWorld, flowWorld, payloadFor, payloadHex, planOf, testKey } from './flow-world.ts'

let world: FlowWorld
beforeAll(async () => {
  world = await flowWorld({ proposalKeys: 2 })
})
afterAll(() => world[Symbol.asyncDispose]())

class Killed extends Error {}

/** Ends the process before or after its n-th step: a statement, a commit, a question to the node, a signature. */
function killer(at: number, when: 'before' | 'after') {
  let step = 0
  const hit = async <T>(work: () => Promise<T>): Promise<T> => {
    const isLast = ++step === at
    if (isLast && when === 'before') throw new Killed()
    const done = await work()
    if (isLast) throw new Killed()
    return done
  }
  const watched = (statements: Statements): Statements => ({
    run: (query) => hit(() => statements.run(query)),
    many: (row, query) => hit(() => statements.many(row, query)),
    maybe: (row, query) => hit(() => statements.maybe(row, query)),
    one: (row, query) => hit(() => statements.one(row, query)),
  })
  const database: Database = {
    ...world.database,
    ...watched(world.database),
    transaction: (work) => hit(() => world.database.transaction((tx) => work(watched(tx)))),
  }
  return {
    relay: world.relayWith({
      database,
      fetch: (input, init) => hit(() => fetch(input, init)),
      sign: (message) => hit(() => world.payer.signAnew(message)),
    }),
    struck: () => step >= at,
  }
}

const created = () =>
  world.stub.outcomes().filter(({ events }) => events.some(({ type }) => type === 'flow.AccountCreated')).length

/** Works until it is killed, or there is nothing left to do. */
async function workUntilKilled(relay: FlowRelay, id: string): Promise<void> {
  for (let round = 0; round < 8; round++) {
    if ((await world.stateOf(id)).state !== 'queued') return
    try {
      await advance(relay.deps, id)
    } catch {
      return
    }
  }
}

const newPlan = (): AccountPlan => planOf(randomUUID(), testKey(), testKey())

test.each(['before', 'after'] as const)('whoever is killed %s any step leaves one account', async (when) => {
  let kills = 0
  for (let at = 1; ; at++) {
    const { relay, struck } = killer(at, when)
    const before = created()
    const plan = newPlan()
    const id = await world.deploy(plan)
    await workUntilKilled(relay, id)
    if (!struck()) break
    kills++
    await world.work()
    const { state, address } = await world.stateOf(id)
    expect({ at, state, made: created() - before, free: await world.freeKeys() }).toEqual({
      at,
      state: 'succeeded',
      made: 1,
      free: 2,
    })
    expect((await world.chain.readAccount(address ?? ''))?.signers).toEqual(plan.signers)
  }
  expect(kills).toBeGreaterThan(25)
})

test('whoever is killed at any step of a request leaves it done once', async () => {
  const [server, device] = [testKey(), testKey()]
  const account = bare(world.stub.addAccount([server.signer(), device.signer()]))
  let kills = 0
  for (let at = 1; ; at++) {
    const { relay, struck } = killer(at, at % 2 === 0 ? 'before' : 'after')
    const signer = testKey().signer()
    const script = cadenceOf(await world.chain.describeChange(account, { kind: 'add-signer', signer }))
    const payload = await payloadFor(world, { account, script })
    const signatures = [server, device].map((key) => key.sign(payloadMessage(payload)))
    const id = await world.database.transaction((tx) =>
      world.chain.queueRequest(tx, payloadHex(payload), { signatures, charge: { appId: 'app' } }),
    )
    await workUntilKilled(relay, id)
    const keys = (await world.chain.readAccount(account))?.signers.length ?? 0
    await world.work()
    expect({ at, ...(await world.stateOf(id)) }).toMatchObject({ at, state: 'succeeded', tries: 1 })
    expect((await world.chain.readAccount(account))?.signers).toHaveLength(kills + 3)
    if (!struck()) break
    expect(keys).toBeGreaterThan(1)
    kills++
  }
  expect(kills).toBeGreaterThan(15)
})

test('many at once, each by several hands, are as many accounts, and no number is lost', async () => {
  const before = created()
  const ids = await Promise.all(Array.from({ length: 20 }, () => world.deploy(newPlan())))
  const hands = [1, 2, 3, 4].map(() => world.relayWith({}))
  for (let round = 0; round < 60; round++) {
    const open = []
    for (const id of ids) if ((await world.stateOf(id)).state === 'queued') open.push(id)
    if (open.length === 0) break
    await Promise.all(open.slice(0, 6).flatMap((id) => hands.map(({ deps }) => advance(deps, id))))
  }
  const states = await Promise.all(ids.map((id) => world.stateOf(id)))
  expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['succeeded']))
  expect(states.map(({ tries }) => tries)).toEqual(ids.map(() => 1))
  expect(new Set(states.map(({ address }) => address)).size).toBe(20)
  expect(created() - before).toBe(20)
  expect(world.stub.outcomes().filter(({ error }) => error !== '')).toEqual([])
  expect(await world.freeKeys()).toBe(2)
})
