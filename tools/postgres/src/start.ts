import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { clusterAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { freePort } from './free-port.ts'
import { dataOf, initialise, superuserPassword, type ClusterPlace } from './initialise.ts'
import { leash } from './leash.ts'
import { readPostmaster, stopLeftover, stopProcess } from './postmaster.ts'

export interface StartOptions extends ClusterPlace {
  /** Taken when it is free; any other free one else. */
  readonly port?: number
  /** Default: `postgres.log` in the directory. */
  readonly log?: string
}

export interface Cluster {
  readonly port: number
  /** Of the superuser, on the database `postgres`. */
  readonly url: string
  /** Settles when the server ended, for whatever reason. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the cluster of a directory, which it makes or heals first. It listens on 127.0.0.1 only and ends with this
 * process, even when that is killed. One process at a time may do this to a directory: a server found there is stopped.
 */
export async function start(options: StartOptions): Promise<Cluster> {
  await initialise(options)
  await stopLeftover(options.directory)
  const server = (await tryStart(options)) ?? (await tryStart(options)) ?? (await tryStart(options))
  if (!server) throw new Error(`PostgreSQL found its port taken three times in a row`)
  const password = superuserPassword(options.directory)
  return { ...server, url: `postgres://postgres:${password}@127.0.0.1:${server.port}/postgres` }
}

/** `undefined`: somebody took the port between the moment it was found free and the moment it was bound. */
async function tryStart(options: StartOptions): Promise<Omit<Cluster, 'url'> | undefined> {
  const { directory, log = join(directory, 'postgres.log') } = options
  const port = await freePort(options.port)
  const logFile = openSync(log, 'a', 0o600)
  const logged = fstatSync(logFile).size
  const child = spawn(join(findBinaries(), 'postgres'), serverArguments(options, port), {
    ...clusterAccount(),
    cwd: directory,
    detached: true,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', logFile, logFile],
  })
  closeSync(logFile)
  const ended = new Promise<void>((done) => child.once('exit', () => done()).once('error', () => done()))
  const holder = child.pid === undefined ? undefined : leash(child.pid)
  void ended.then(() => holder?.release())
  if (await isReady(directory, child)) {
    const { pid } = child
    return { port, ended, stop: async () => (pid === undefined ? undefined : stopProcess(pid, () => hasEnded(child))) }
  }
  const said = readFileSync(log).subarray(logged).toString('utf8').trim()
  if (said.includes('Address already in use')) return undefined
  throw new Error(`PostgreSQL did not start in ${directory}:\n${said}`)
}

function serverArguments({ directory, durability }: StartOptions, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    jit: 'off',
    ...(durability === 'throwaway' && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return [
    '-D',
    dataOf(directory),
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
  ]
}

async function isReady(directory: string, child: ChildProcess): Promise<boolean> {
  // Recovery after a crash may take long on a slow disk; the server says when it is done, or ends.
  while (!hasEnded(child)) {
    const postmaster = readPostmaster(directory)
    if (postmaster?.ready && postmaster.pid === child.pid) return true
    await delay(5)
  }
  return false
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null
