import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs'

const tenMegabytes = 10 * 2 ** 20

export function rotateLog(path: string): void {
  if (existsSync(path) && statSync(path).size > tenMegabytes) renameSync(path, `${path}.1`)
}

export const openLog = (path: string): number => openSync(path, 'a', 0o600)

/** The last line that was written, cut to what a terminal shows. */
export function lastLineOf(path: string): string {
  const size = statSync(path).size
  const tail = Buffer.alloc(Math.min(size, 4096))
  const file = openSync(path, 'r')
  readSync(file, tail, 0, tail.length, size - tail.length)
  closeSync(file)
  return tail.toString('utf8').trim().split('\n').at(-1)?.slice(0, 300) ?? ''
}
