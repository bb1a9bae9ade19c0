import { linkSync, readFileSync, rmSync } from 'node:fs'
import { lockFileOf, type Places } from './places.ts'
import { writePrivately } from './private-file.ts'

interface Holder {
  readonly pid: number
  /** Of the process, in clock ticks since boot: a pid alone may be another program's by now. */
  readonly startedAt: string | undefined
}

/** Makes us the only supervisor of these places. `undefined`: another one is, and lives. */
export function takeLock(places: Places): { release(): void } | { heldBy: number } {
  const lock = lockFileOf(places)
  const mine = `${lock}.mine.${process.pid}`
  writePrivately(mine, JSON.stringify(describe(process.pid)))
  try {
    for (;;) {
      if (tryLink(mine, lock)) return { release: () => rmSync(lock, { force: true }) }
      const holder = readHolder(lock)
      if (holder && isAlive(holder)) return { heldBy: holder.pid }
      rmSync(lock, { force: true })
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const describe = (pid: number): Holder => ({ pid, startedAt: startOf(pid) })

function readHolder(lock: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return startOf(pid) === startedAt
}

/** proc_pid_stat(5), field 22, counted behind the program's name, which may hold anything. Unknown where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
