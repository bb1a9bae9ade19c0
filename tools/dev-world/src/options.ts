import { parseArgs } from 'node:util'
import type { App } from './apps.ts'

export interface Options {
  readonly apps: readonly App[]
  /** Start, check, print, stop. */
  readonly once: boolean
}

/** What the command line asks for, or one line that says what is wrong with it. */
export function readOptions(argv: string[], apps: readonly App[]): Options | string {
  const options = { once: { type: 'boolean' }, only: { type: 'string', multiple: true } } as const
  const known = `There is --once and --only <app>, of ${apps.map(({ name }) => name).join(', ')}.`
  try {
    const { once = false, only } = parseArgs({ args: argv, options }).values
    const unknown = only?.find((name) => !apps.some((app) => app.name === name))
    if (unknown !== undefined) return `There is no app "${unknown}". ${known}`
    return { once, apps: only ? apps.filter(({ name }) => only.includes(name)) : apps }
  } catch {
    return `Cannot make sense of "${argv.join(' ')}". ${known}`
  }
}
