import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { findHalfDone } from '../src/half-done.ts'
import { holdAgainst } from '../src/hold-against.ts'
import { keyServerAt } from '../src/key-server.ts'
import { isGone, kill } from '../src/processes.ts'
import { rounds } from '../src/rounds.ts'
import { makeState, type State } from '../src/state.ts'
import { emptyLedger } from '../src/story.ts'
import { strike, type Victim } from '../src/victims.ts'
import { startWalkers, type Walkers } from '../src/walk.ts'
import { startSupervisor, worldFile, type RunningWorld } from '../src/world.ts'

let state: State
let world: RunningWorld
let walkers: Walkers | undefined
const ledger = emptyLedger()
let checked = 0
const server = keyServerAt(() => addressNow())

beforeAll(async () => {
  state = await makeState()
  await start()
})
afterEach(async () => {
  await walkers?.stop().catch(() => undefined)
})
afterAll(async () => {
  world.signal('SIGTERM')
  await world.exited
  await state.remove()
})

async function start() {
  world = startSupervisor(state)
  await world.hears(/key-server is ready at .*\n/)
}

function addressNow(): string | undefined {
  try {
    return worldFile(state).apps['key-server']
  } catch {
    return undefined
  }
}

/** Somewhere in the middle: after so many answers, and a moment more. */
async function walkAWhile() {
  const enough = ledger.acknowledged + randomInt(5, 60)
  await eventually('the walkers are answered', () => {
    walkers?.assertUnharmed()
    return ledger.acknowledged >= enough
  })
  await delay(randomInt(0, 20))
}

/** Each key once: a wrong PIN is one of ten guesses, and what a kill may cost is some of those. */
async function expectNothingLost(stories = ledger.stories.slice(checked)) {
  await walkers?.stop()
  walkers = undefined
  checked = ledger.stories.length
  const broken: string[] = []
  for (const story of stories) broken.push(...(await holdAgainst(server, story)))
  expect(broken).toEqual([])
  expect(await findHalfDone(worldFile(state))).toEqual([])
}

const times = <T>(items: readonly T[]) => Array.from({ length: rounds(1) }, () => items).flat()

test.each(times<Victim>(['backend', 'app', 'postmaster']))(
  'a killed %s costs nothing that was acknowledged, and the world heals by itself',
  async (victim) => {
    walkers = startWalkers(server, ledger, 4)
    await walkAWhile()
    await eventually(`there is a ${victim} to kill`, () => strike(state, victim))
    await walkAWhile()
    await expectNothingLost()
  },
)

test.each(times(['once all has ended', 'at once']))(
  'a killed supervisor costs nothing that was acknowledged, leaves nothing running, and is followed %s',
  async (when) => {
    walkers = startWalkers(server, ledger, 4)
    await walkAWhile()
    const before = state.processes()
    expect(before.length).toBeGreaterThan(4)
    kill(world.pid, 'SIGKILL')
    if (when === 'once all has ended') await eventually('all of it ended', () => state.processes().length === 0)
    await start()
    await walkAWhile()
    await expectNothingLost()
    await eventually('what ran before ended', () => before.every(isGone))
  },
)

test('after all of it every key is still what was acknowledged last', async () => {
  expect(ledger.stories.length).toBeGreaterThan(20)
  await expectNothingLost(ledger.stories)
})
