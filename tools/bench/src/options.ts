import { parseArgs } from 'node:util'
import type { Depth } from './bench.ts'

export interface Options {
  readonly depth: Depth
  /** Names of rows; none means all. */
  readonly only: readonly string[]
}

/** Throws with a sentence for people. */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true } },
  })
  const only = values.only ?? []
  const unknown = only.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`there is no row "${unknown}"; there is ${known.join(', ')}`)
  return { depth: values.quick ? 'quick' : 'full', only }
}
