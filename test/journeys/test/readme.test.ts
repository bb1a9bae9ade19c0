import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '@strongroom/postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandEnvironment, commands } from '../src/commands.ts'
import { npmEnvironment, writeScripts } from '../src/npm.ts'
import { oathtoolEnvironment } from '../src/oathtool.ts'
import { demandProgram, runInOneShell } from '../src/one-shell.ts'
import { makeState, type State } from '../src/state.ts'
import { fits, stepsUnder } from '../src/steps.ts'
import { startSupervisor, worldFile, type RunningWorld } from '../src/world.ts'

const documented = {
  'key-server': 'http://127.0.0.1:4100',
  'identity-storage': 'http://127.0.0.1:4200',
  'sss-lca': 'http://127.0.0.1:4400',
  'mpc-auth': 'http://127.0.0.1:4300',
  hooks: 'http://127.0.0.1:4301',
  outbox: 'http://127.0.0.1:8025',
  state: '.strongroom',
}

let state: State
let world: RunningWorld
beforeAll(async () => {
  demandProgram('curl')
  demandProgram('oathtool', oathtoolEnvironment)
  state = await makeState(['key-server', 'identity-storage', 'mpc-auth', 'sss-lca'])
  world = startSupervisor(state)
  // The table with how to log in comes after a minute, whoever is not ready by then.
  for (const app of state.apps) await world.hears(new RegExp(`${app} is ready at .*\n`))
  await world.hears('how to log in')
})
afterAll(async () => {
  world.signal('SIGTERM')
  await world.exited
  await state.remove()
})

test('what the README tells a reader to paste does what the README says', async () => {
  const steps = stepsUnder('## Try it', readFileSync(join(checkout, 'README.md'), 'utf8'))
  expect(steps.length).toBeGreaterThan(3)
  const { apps, hooks, outbox } = worldFile(state)
  const here: Readonly<Record<string, string>> = {
    ...apps,
    outbox,
    hooks: hooks?.['mpc-auth'] ?? '',
    state: state.home,
  }
  writeScripts(state, commands)
  const ran = await runInOneShell(
    steps.map(({ command }) =>
      Object.entries(documented).reduce((text, [name, address]) => text.replaceAll(address, here[name] ?? ''), command),
    ),
    {
      directory: state.home,
      environment: { ...npmEnvironment(state), ...commandEnvironment(state), ...oathtoolEnvironment },
    },
  )
  const told = ran.map(({ exitCode, output }, index) => {
    const { command, expected } = steps[index] ?? { command: '', expected: [] }
    const pattern = expected.join('\n')
    const isSo = exitCode === 0 && (expected.length === 0 || fits(pattern, output))
    return { command, exitCode, output: isSo ? pattern : output }
  })
  expect(told).toEqual(steps.map(({ command, expected }) => ({ command, exitCode: 0, output: expected.join('\n') })))
})
