import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModuleSource } from '../pkcs11/module-registry.ts'

/** Beside what the module is said to read. Nothing else of our environment goes along: PINs, URLs and tokens may be in it. */
const KEPT_VARIABLES = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'NODE_COMPILE_CACHE',
] as const

export const keptVariables = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    KEPT_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )

/** The same Node, from sources where we run from sources. What the module prints as an error goes where ours goes. */
export function spawnProcess({ environment }: ModuleSource): ChildProcess {
  const extension = extname(import.meta.filename)
  const conditions = extension === '.ts' ? ['--conditions=@strongroom/source'] : []
  return spawn(process.execPath, [...conditions, fileURLToPath(new URL(`./main${extension}`, import.meta.url))], {
    env: { ...keptVariables(), ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
  })
}

export const pipeOf = ({ stdio }: ChildProcess, descriptor: number): Socket => stdio[descriptor] as unknown as Socket
