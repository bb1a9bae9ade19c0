import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Process {
  readonly pid: number
  readonly parent: number
  /** In clock ticks since boot: a number alone may be another program's by now. */
  readonly startedAt: string
  /** Command line, environment and working directory: one of them names the state that a process belongs to. */
  readonly traces: string
}

/** Every process that names the state, wherever its parents went, and every child of one. */
export function processesOf(stateName: string): Process[] {
  const all = listProcesses()
  const ours = new Set(all.filter(({ traces }) => traces.includes(stateName)).map(({ pid }) => pid))
  // As many passes as generations.
  for (let before = 0; before < ours.size;) {
    before = ours.size
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid)
  }
  return all.filter(({ pid }) => ours.has(pid))
}

export const isGone = ({ pid, startedAt }: Process): boolean => readProcess(pid)?.startedAt !== startedAt

/** A process that ended meanwhile is as good as killed. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const listProcesses = (): Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readProcess(Number(pid)))
    .filter((found) => found !== undefined)

/** proc_pid_stat(5), fields 3, 4 and 22, counted behind the program's name. A zombie has ended: its parent is late. */
function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    const traces = [readTrace(pid, 'cmdline'), readTrace(pid, 'environ'), workingDirectory(pid)].join('\0')
    return { pid, parent: Number(fields[1]), startedAt: fields[19] ?? '', traces }
  } catch {
    return undefined
  }
}

function readTrace(pid: number, name: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
