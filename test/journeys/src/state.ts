import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort, stateDirectory, stopLeftover } from '@strongroom/postgres'
import { kill, processesOf, type Process } from './processes.ts'

/** Where the worlds of one story keep what survives them, through any number of starts. */
export interface State {
  /** In both paths, and so in the traces of every process. */
  readonly name: string
  readonly home: string
  readonly cluster: string
  /** The key server's usual port here; the next ones are the other apps'. */
  readonly port: number
  /** What runs here when it is started. */
  readonly apps: readonly string[]
  read(path: string): string
  /** What runs here, at this moment. */
  processes(): Process[]
  remove(): Promise<void>
}

/** The cluster lies where the next run of tests removes what a killed one left. */
export async function makeState(apps: readonly string[] = ['key-server']): Promise<State> {
  const name = `${process.pid}-${randomBytes(4).toString('hex')}`
  const home = join(tmpdir(), `strongroom-journey-${name}`, 'world')
  const cluster = join(stateDirectory(), 'throwaway', name)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const processes = () => processesOf(name)
  return {
    name,
    home,
    cluster,
    port: await usualPort(),
    apps,
    read: (path) => readFileSync(join(home, path), 'utf8'),
    processes,
    remove: async () => {
      for (const { pid } of processes().filter(({ traces }) => !traces.includes(cluster))) kill(pid, 'SIGKILL')
      await stopLeftover(cluster)
      for (const directory of [dirname(home), cluster]) rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Below the ports that the system gives to connections: nobody takes it while the app restarts. */
const usualPort = (): Promise<number> => freePort(20_000 + (randomBytes(2).readUInt16LE() % 10_000))
