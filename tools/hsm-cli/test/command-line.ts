import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@strongroom/crypto'
import type { SoftToken } from '@strongroom/hsm/testing'
import { runCli, type Terminal } from '../src/index.ts'

export interface Ran {
  readonly code: number
  /** What went to standard output. */
  readonly said: string
  /** What people were told. */
  readonly told: string
}

export interface Person {
  readonly env?: NodeJS.ProcessEnv
  /** What is typed, in order; nobody is there without it. */
  readonly types?: readonly string[]
}

/** Runs the command line in this process, as somebody at a terminal, or as a script. */
export async function run(args: readonly string[], { env = {}, types }: Person = {}): Promise<Ran> {
  const [said, told]: [string[], string[]] = [[], []]
  const typed = [...(types ?? [])]
  const next = (question: string): Promise<string> => {
    told.push(question)
    const answer = typed.shift()
    return answer === undefined ? Promise.reject(new Error(`nobody answers: ${question}`)) : Promise.resolve(answer)
  }
  const terminal: Terminal = {
    say: (document) => void said.push(document),
    tell: (line) => void told.push(line),
    ask: types && { password: async (message) => new Secret(await next(message)), text: next },
    progress: (title, total) => {
      told.push(`${title}: ${String(total)}`)
      return { advance: () => undefined, end: (note) => void told.push(note) }
    },
  }
  const code = await runCli(args, { terminal, env, now: () => new Date() })
  return { code, said: said.join('\n'), told: told.join('\n') }
}

/** A folder for files of one test. */
export function scratch(): Disposable & {
  readonly path: string
  readonly file: (name: string, text: string) => string
} {
  const path = mkdtempSync(join(tmpdir(), 'strongroom-cli-'))
  return {
    path,
    file(name, text) {
      const place = join(path, name)
      writeFileSync(place, text, { mode: 0o600 })
      return place
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export const pinOf = ({ pin }: SoftToken): string => Buffer.from(pin.expose()).toString('utf8')

/** Of the token's module, which finds its configuration by the environment of the process. */
export function variablesOf({ module }: SoftToken): Readonly<Record<string, string>> {
  return typeof module === 'string' ? {} : (module.environment ?? {})
}
