import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { checkout } from '@strongroom/postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeState, type State } from '../src/state.ts'
import { type RunningWorld, startSupervisor, worldFile } from '../src/world.ts'

const folder = join(checkout, 'test/compat/tokend')
const run = promisify(execFile)

let state: State
let world: RunningWorld
beforeAll(async () => {
  // It has a lockfile of its own: what the published client drags along is nobody else's.
  if (!existsSync(join(folder, 'node_modules'))) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
  state = await makeState(['identity-storage'])
  world = startSupervisor(state)
  await world.hears(/identity-storage is ready at .*\n/)
  await world.hears('how to log in')
})
afterAll(async () => {
  world.signal('SIGTERM')
  await world.exited
  await state.remove()
})

test('TokenD’s published client lives its life against a started world', async () => {
  const env = { ...process.env, STRONGROOM_STATE: dirname(state.home) }
  const { stdout } = await run('npm', ['test', '--silent'], { cwd: folder, env })
  expect(stdout).not.toContain('left out')
  expect(stdout).toMatch(/\b(\d+) of \1 promises kept/)
})

test('without an outbox it tells what it can, and says what it left out', async () => {
  const url = worldFile(state).apps['identity-storage'] ?? ''
  const { stdout } = await run('npm', ['test', '--silent', '--', url], { cwd: folder })
  expect(stdout).toContain('left out')
})
