import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { dataOf } from './initialise.ts'

/** Any reader of `postmaster.pid` may find it gone or half written: `undefined` then. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
}

export function readPostmaster(directory: string): Postmaster | undefined {
  try {
    const lines = readFileSync(pidFile(directory), 'utf8').split('\n')
    const pid = Number(lines[0])
    return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.startsWith('ready') ?? false } : undefined
  } catch {
    return undefined
  }
}

/**
 * Stops the server that a killed supervisor left behind. A pid file whose process is another program (the number was given
 * out again after a restart) is removed: PostgreSQL would refuse to start beside it.
 */
export async function stopLeftover(directory: string): Promise<'none' | 'stopped'> {
  const postmaster = readPostmaster(directory)
  const command = postmaster && commandOf(postmaster.pid)
  if (!postmaster || command === undefined) return 'none'
  const serves = (words: string[] = []) => words.includes(dataOf(directory))
  if (!serves(command)) {
    rmSync(pidFile(directory), { force: true })
    return 'none'
  }
  // A process that nobody reaps keeps its number, not its command line.
  await stopProcess(postmaster.pid, () => !serves(commandOf(postmaster.pid)))
  return 'stopped'
}

/** Fast first (clients are cut off, everything is written), at once after ten seconds, by force after five more. */
export async function stopProcess(pid: number, isGone: () => boolean): Promise<void> {
  for (const [signal, patience] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (isGone() || !sendSignal(pid, signal)) return
    const deadline = Date.now() + patience
    while (Date.now() < deadline && !isGone()) await delay(5)
  }
  if (!isGone()) throw new Error(`PostgreSQL (process ${pid}) does not stop`)
}

function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

const pidFile = (directory: string): string => join(dataOf(directory), 'postmaster.pid')

function commandOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return undefined
  }
}
