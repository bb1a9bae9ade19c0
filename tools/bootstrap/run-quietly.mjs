import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Runs a program and keeps what it says: `output` is shown only when something fails. */
export function runQuietly(program, args, options = {}) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
    ...options,
  })
  const output = [result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n').trim()
  return { succeeded: result.status === 0, output }
}

export const has = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((directory) => directory && existsSync(join(directory, program)))
