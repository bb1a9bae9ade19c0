import { readFileSync, writeFileSync } from 'node:fs'

const BYTES_IN_A_KIB = 1024
// Of proc(5), clear_refs: forget the peak.
const FORGET_PEAK = '5'

/** How many bytes a process of ours had in memory at its worst, over what it has now, while something was done. Linux. */
export async function peakGrowth(pid: number, work: () => Promise<void>): Promise<number> {
  writeFileSync(`/proc/${String(pid)}/clear_refs`, FORGET_PEAK)
  const before = readStatus(pid, 'VmRSS')
  await work()
  return readStatus(pid, 'VmHWM') - before
}

function readStatus(pid: number, field: string): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (kib === undefined) throw new Error(`/proc does not tell ${field}`)
  return Number(kib) * BYTES_IN_A_KIB
}
