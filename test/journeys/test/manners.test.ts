import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { kill } from '../src/processes.ts'
import { makeState, type State } from '../src/state.ts'
import { typeInShell, worldFile, type RunningWorld } from '../src/world.ts'

let state: State
let typed: RunningWorld[] = []

beforeAll(async () => {
  state = await makeState()
})
afterEach(async () => {
  for (const { pid } of state.processes()) kill(pid, 'SIGTERM')
  await Promise.all(typed.map(({ exited }) => exited))
  typed = []
})
afterAll(() => state.remove())

const type = (command: string) => {
  const world = typeInShell(state, command)
  typed.push(world)
  return world
}
const expectNothingLeft = () => eventually('nothing runs any more', () => state.processes().length === 0)
const tokenOf = (label: string) => ({
  label,
  pinFile: join(state.home, `tokens/${label}/pin`),
  softhsmConf: join(state.home, `tokens/${label}/softhsm2.conf`),
})
const hasWorldFile = () => {
  try {
    return worldFile(state) !== undefined
  } catch {
    return false
  }
}

test('Ctrl-C in the middle of the very first start leaves nothing running, and nothing half made', async () => {
  const world = type('npm start --silent')
  await world.hears('PostgreSQL listens on')
  world.signalGroup('SIGINT')
  await world.exited
  await expectNothingLeft()
  expect(hasWorldFile()).toBe(false)
})

test('--once prints the table, exits 0, and leaves nothing running', async () => {
  const world = type('npm start --silent -- --once')
  expect(await world.exited).toBe(0)
  expect(world.said()).toMatch(/key-server +http:\/\/127\.0\.0\.1:\d+ +ready +http\S+\/docs/)
  await expectNothingLeft()
  expect(hasWorldFile()).toBe(false)
})

test('world.json is for its owner alone and says where everything is', async () => {
  const world = type('npm start --silent')
  await world.hears('how to log in')
  expect(statSync(join(state.home, 'world.json')).mode & 0o777).toBe(0o600)
  const file = worldFile(state)
  expect(file).toEqual({
    apps: { 'key-server': `http://127.0.0.1:${state.port}` },
    postgres: expect.stringMatching(/^postgres:\/\/postgres:[\w-]+@127\.0\.0\.1:\d+\/postgres$/) as string,
    outbox: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    smtp: expect.stringMatching(/^smtp:\/\/127\.0\.0\.1:\d+$/) as string,
    pkcs11: {
      module: expect.stringMatching(/^\//) as string,
      tokens: Object.fromEntries(['key-server', 'key-server-recovery'].map((label) => [label, tokenOf(label)])),
    },
  })
  expect((await fetch(`${file.apps['key-server'] ?? ''}/health/ready`)).status).toBe(200)
})

test('a busy port is no obstacle: another is taken, and said', async () => {
  const busy = createServer().listen(state.port, '127.0.0.1')
  await once(busy, 'listening')
  const world = type('npm start --silent')
  await world.hears('how to log in')
  busy.close()
  const [, port = ''] = /port \d+ is busy: key-server takes (\d+)/.exec(world.said()) ?? []
  expect(worldFile(state).apps['key-server']).toBe(`http://127.0.0.1:${port}`)
})

test('a second start says that one runs and where, exits 0, and leaves it alone; Ctrl-C stops everything', async () => {
  const first = type('npm start --silent')
  await first.hears('how to log in')
  const second = type('npm start --silent')
  expect(await second.exited).toBe(0)
  expect(second.said()).toMatch(/^already running \(process \d+\)$/m)
  const address = worldFile(state).apps['key-server'] ?? ''
  expect(second.said()).toMatch(new RegExp(`key-server +${address} +ready`))
  expect((await fetch(`${address}/health/ready`)).status).toBe(200)
  first.signalGroup('SIGINT')
  await first.exited
  await expectNothingLeft()
  expect(first.said()).toContain('stopping')
  expect(state.read('logs/key-server.log').trimEnd().split('\n').at(-1)).toContain('draining')
})

test('when nobody reads on (`| head -1`) everything stops cleanly', async () => {
  const world = type('npm start --silent | head -1')
  expect(await world.exited).toBe(0)
  expect(world.said().trim().split('\n')).toHaveLength(1)
  await expectNothingLeft()
  expect(hasWorldFile()).toBe(false)
})
