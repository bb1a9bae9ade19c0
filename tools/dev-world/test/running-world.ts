import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stateDirectory, stopLeftover } from '@strongroom/postgres'
import type { WorldFile } from '../src/world-file.ts'

/** Where the worlds of one test keep their state, through any number of starts. */
export interface TestPlaces {
  readonly home: string
  readonly cluster: string
  /** What `STRONGROOM_STATE` must say for the commands to find it. */
  readonly state: string
  remove(): Promise<void>
}

export function makePlaces(): TestPlaces {
  const state = mkdtempSync(join(tmpdir(), 'strongroom-world-'))
  const home = join(state, 'world')
  const cluster = join(stateDirectory(), `dev-world-test-${state.slice(-6)}`)
  const remove = async () => {
    await stopLeftover(cluster)
    for (const directory of [state, cluster]) rmSync(directory, { recursive: true, force: true })
  }
  return { home, cluster, state, remove }
}

export interface RunningWorld {
  readonly pid: number
  readonly exited: Promise<number | null>
  said(): string
  /** Waits until it has said that. */
  hears(text: string): Promise<void>
  world(): WorldFile
  kill(signal: NodeJS.Signals): void
  /** As a starter does that is killed. */
  leave(): void
  /** As `npm start | head` does. */
  stopReading(): void
}

export function startWorldOf({ home, cluster }: TestPlaces, ...argv: string[]): RunningWorld {
  const main = join(import.meta.dirname, 'run-stand-in.ts')
  const child = spawn(process.execPath, ['--conditions=@strongroom/source', main, home, cluster, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  for (const stream of streams) stream.on('data', (chunk) => (output += String(chunk)))
  const ends = [once(child, 'exit'), ...streams.map((stream) => once(stream, 'close'))]
  let isOver = false
  const exited = Promise.all(ends).then(() => {
    isOver = true
    return child.exitCode
  })
  const hears = async (text: string) => {
    await eventually(() => {
      if (isOver && !output.includes(text)) throw new Error(`it ended and said only:\n${output}`)
      return output.includes(text)
    })
  }
  return {
    pid: child.pid ?? 0,
    exited,
    hears,
    said: () => output,
    world: () => JSON.parse(readFileSync(join(home, 'world.json'), 'utf8')) as WorldFile,
    kill: (signal) => void child.kill(signal),
    leave: () => child.disconnect(),
    stopReading: () => streams.forEach((stream) => stream.destroy()),
  }
}

/** Runs a command of the world to its end. */
export function runCommand({ state }: TestPlaces, main: string, ...args: string[]) {
  const path = join(import.meta.dirname, '../src', main)
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@strongroom/source', path, ...args], {
    encoding: 'utf8',
    env: { ...process.env, STRONGROOM_STATE: state },
  })
  return { status, said: stdout, complained: stderr }
}

export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come true in 60 s')
    await delay(20)
  }
}
