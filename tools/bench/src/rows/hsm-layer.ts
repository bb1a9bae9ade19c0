import type { Bench, Row } from '../bench.ts'
import { openRawLoop } from '../hsm/raw-loop.ts'
import type { Sample } from '../interleave.ts'
import type { Line } from '../line.ts'
import { type Repeater, startRepeater } from '../world/repeater.ts'
import { compareRates, type Comparison } from './rates.ts'

const operations = {
  mac: 'HSM: mac',
  'seal-open': 'HSM: seal, then open',
  'open-locked': 'HSM: openLockedKey',
  'issue-locked': 'HSM: issueLockedKey',
} as const
const naive = ['mac', 'seal-open'] as const
const RAW = 'the same PKCS#11 calls in C, 1 thread'

/** Our keystore, from JavaScript, on a soft token. */
export const hsmLayer: Row = {
  name: 'hsm-layer',
  async measure(bench) {
    const seconds = bench.seconds / 3
    const ours = bench.own(await startRepeater('keystore-process'))
    const sessions = bench.own(await startRepeater('session-each-process'))
    const raw = bench.own(await openRawLoop())
    const asking = ({ child }: Repeater, operation: string): Sample => {
      return () => child.ask<number>('repeat', { operation, seconds })
    }
    const lines: Line[] = []
    for (const [operation, name] of Object.entries(operations)) {
      const sides: Record<string, Sample> = {
        ours: asking(ours, operation),
        raw: async () => (await raw.repeat(operation, { seconds })).perSecond,
      }
      const comparisons: Comparison[] = [
        { operation: name, peer: RAW, ours: 'ours', theirs: 'raw', goal: { least: 0.5 } },
      ]
      if (naive.some((one) => one === operation)) {
        sides['session'] = asking(sessions, operation)
        sides['login'] = asking(sessions, `login-${operation}`)
        comparisons.push(
          {
            operation: name,
            peer: 'a session for each call, login kept',
            ours: 'ours',
            theirs: 'session',
            goal: { least: 15 },
          },
          { operation: name, peer: 'a session and a login for each call', ours: 'ours', theirs: 'login' },
        )
      }
      lines.push(...(await compareRates(bench, sides, comparisons)))
    }
    await stopAll([ours, sessions, raw])
    return lines
  },
}

const stopAll = async (started: readonly Pick<ReturnType<Bench['own']>, 'stop'>[]): Promise<void> => {
  for (const one of started) await one.stop()
}
