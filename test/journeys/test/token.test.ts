import { randomInt } from 'node:crypto'
import { globSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { holdAgainst } from '../src/hold-against.ts'
import { keyServerAt } from '../src/key-server.ts'
import { isGone, kill } from '../src/processes.ts'
import { rounds } from '../src/rounds.ts'
import { makeState, type State } from '../src/state.ts'
import { emptyLedger } from '../src/story.ts'
import { findVictim, strike } from '../src/victims.ts'
import { startWalkers } from '../src/walk.ts'
import { startSupervisor, worldFile, type RunningWorld } from '../src/world.ts'

let state: State
let world: RunningWorld
const ledger = emptyLedger()
const server = keyServerAt(() => worldFile(state).apps['key-server'])
const kept = () => ledger.stories.filter(({ fate }) => fate === 'kept')
const ready = /key-server is ready at .*\n/

beforeAll(async () => {
  state = await makeState()
  world = startSupervisor(state)
  await world.hears(ready)
  const walkers = startWalkers(server, ledger, 2)
  await eventually('there are keys', () => kept().length >= 6)
  await walkers.stop()
})
afterEach(async () => {
  world.signal('SIGTERM')
  await world.exited
})
afterAll(() => state.remove())

/** With their right PINs alone: any number of rounds spends no guess. */
async function expectKeysOpen() {
  const broken: string[] = []
  for (const story of kept()) broken.push(...(await holdAgainst(server, { ...story, pastPins: [] })))
  expect(broken).toEqual([])
}

const tokenFiles = () => globSync(join(state.home, 'tokens/*/tokens/*/token.object'))
/** The app's own, and the one for recovery. */
const emptyTokens = () => {
  expect(tokenFiles()).toHaveLength(2)
  for (const file of tokenFiles()) truncateSync(file)
}

test('tokens that a kill inside a login emptied are whole again when the app is', async () => {
  expect(strike(state, 'app')).toBe(true)
  emptyTokens()
  await eventually('the app runs again', () => findVictim(state, 'app') !== undefined)
  await expectKeysOpen()
})

test('tokens that were emptied while nothing ran are restored by the next start', async () => {
  emptyTokens()
  world = startSupervisor(state)
  await world.hears(ready)
  await expectKeysOpen()
})

test.each(Array.from({ length: rounds(1) }, (_, round) => round + 1))(
  'an app that is killed in its first moments, again and again, loses no token (%i)',
  async () => {
    world = startSupervisor(state)
    for (let kills = 0; kills < 3; kills++) {
      let app = findVictim(state, 'app')
      await eventually('the app starts', () => (app = findVictim(state, 'app')) !== undefined)
      await delay(randomInt(0, 400))
      if (!app) continue
      kill(app.pid, 'SIGKILL')
      await eventually('it is gone', () => app !== undefined && isGone(app))
    }
    await expectKeysOpen()
  },
)
