import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { WorldFile } from '@strongroom/dev-world'
import { eventually } from './eventually.ts'
import { npmEnvironment, writeScripts } from './npm.ts'
import type { State } from './state.ts'

export interface RunningWorld {
  /** Of what was started: the supervisor, or npm before it. The leader of its process group. */
  readonly pid: number
  /** The exit code, once nobody holds its output any more. */
  readonly exited: Promise<number | null>
  said(): string
  hears(text: string | RegExp): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** As the terminal does for Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void
}

const journeys = join(import.meta.dirname, '..')
const softHsm = '/usr/lib/softhsm/libsofthsm2.so'

/** The supervisor itself, which ends with us. */
export const startSupervisor = (state: State, ...argv: string[]): RunningWorld =>
  follow(
    spawn(
      process.execPath,
      ['--conditions=@strongroom/source', join(journeys, 'test/run-world.ts'), ...argumentsOf(state), ...argv],
      { cwd: state.home, detached: true, env: environment(), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    ),
  )

/** As a user types it: npm, its shell, the bootstrap's hand-over, the supervisor. `command` may pipe `npm start` on. */
export function typeInShell(state: State, command: string): RunningWorld {
  const words = [process.execPath, join(journeys, 'test/start.mjs'), ...argumentsOf(state)]
  writeScripts(state, { start: words })
  const env = { ...environment(), ...npmEnvironment(state) }
  return follow(
    spawn('bash', ['-c', command], { cwd: state.home, detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] }),
  )
}

/** Throws when there is none: nothing runs then. */
export const worldFile = (state: State): WorldFile => JSON.parse(state.read('world.json')) as WorldFile

const argumentsOf = ({ home, cluster, port, apps }: State): string[] => [
  home,
  cluster,
  String(port),
  ...apps.flatMap((name) => ['--only', name]),
]

const environment = () => ({
  ...process.env,
  PKCS11_MODULE: process.env['PKCS11_MODULE'] ?? softHsm,
  // A story makes more keys in a minute than one address may.
  CREATIONS_PER_ADDRESS: '1000000',
  CREATIONS_IN_ALL: '1000000',
})

function follow(child: ChildProcess): RunningWorld {
  let output = ''
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  for (const stream of streams) stream.on('data', (chunk) => (output += String(chunk)))
  const pid = child.pid ?? 0
  const ends = [once(child, 'exit'), ...streams.map((stream) => once(stream, 'close'))]
  let isOver = false
  const exited = Promise.all(ends).then(() => {
    isOver = true
    return child.exitCode
  })
  const hears = async (text: string | RegExp) => {
    const heard = () => (typeof text === 'string' ? output.includes(text) : text.test(output))
    await eventually(`the world says ${String(text)}`, () => {
      if (!heard() && isOver) throw new Error(`it ended and said:\n${output}`)
      return heard()
    })
  }
  return {
    pid,
    exited,
    said: () => output,
    hears,
    signal: (signal) => void child.kill(signal),
    signalGroup: (signal) => void process.kill(-pid, signal),
  }
}
