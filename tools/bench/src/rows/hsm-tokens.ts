import type { Row } from '../bench.ts'
import type { Sample } from '../interleave.ts'
import type { Line } from '../line.ts'
import { type Repeater, startRepeater } from '../world/repeater.ts'
import { compareRates } from './rates.ts'

/** Half as long again as with one token at most, for a value that is sealed twice and opened once. */
const goals = { 'seal-open': { least: 0.667 }, mac: undefined, 'open-locked': undefined, 'issue-locked': undefined }
const names = {
  'seal-open': 'seal, then open',
  mac: 'mac',
  'open-locked': 'openLockedKey',
  'issue-locked': 'issueLockedKey',
}

/** Two tokens that hold every value, against one. */
export const hsmTokens: Row = {
  name: 'hsm-tokens',
  async measure(bench) {
    const seconds = bench.seconds / 3
    const [two, one] = [
      bench.own(await startRepeater('two-tokens-process')),
      bench.own(await startRepeater('keystore-process')),
    ]
    const asking = ({ child }: Repeater, operation: string): Sample => {
      return () => child.ask<number>('repeat', { operation, seconds })
    }
    const lines: Line[] = []
    for (const operation of Object.keys(names) as (keyof typeof names)[]) {
      const goal = goals[operation]
      const sides = { ours: asking(two, operation), theirs: asking(one, operation) }
      const comparison = {
        operation: `HSM, two tokens: ${names[operation]}`,
        peer: 'one token',
        ours: 'ours',
        theirs: 'theirs',
      }
      lines.push(...(await compareRates(bench, sides, [{ ...comparison, ...(goal && { goal }) }])))
    }
    for (const each of [two, one]) await each.stop()
    return lines
  },
}
