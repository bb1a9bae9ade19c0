import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench, Row } from '../bench.ts'
import type { Worked } from '../hsm/executor-process.ts'
import type { Sample } from '../interleave.ts'
import type { Line } from '../line.ts'
import { median } from '../statistics.ts'
import { type Child, startChild } from '../world/child.ts'
import { compareRates } from './rates.ts'

const SESSIONS = 16
const CALLERS = 64
const latencies = [0, 1, 5] as const
const operations = ['mac', 'open-locked'] as const
const names = { mac: 'mac', 'open-locked': 'openLockedKey' } as const

/** A token behind a network, worked with in a process of its own in many sessions, and inline in one. */
export const hsmProcess: Row = {
  name: 'hsm-process',
  async measure(bench) {
    const ours = await startService(bench, { BENCH_EXECUTOR: 'process', BENCH_CALLERS: String(CALLERS) })
    const inline = await startService(bench, { BENCH_EXECUTOR: 'inline', BENCH_CALLERS: '1' })
    const lines: Line[] = []
    for (const milliseconds of latencies) {
      for (const one of [ours, inline]) await one.ask('delay', { milliseconds })
      for (const operation of operations)
        lines.push(...(await compare(bench, { ours, inline }, { milliseconds, operation })))
    }
    return lines
  },
}

interface Case {
  readonly milliseconds: (typeof latencies)[number]
  readonly operation: (typeof operations)[number]
}

async function compare(
  bench: Bench,
  { ours, inline }: { ours: Child; inline: Child },
  { milliseconds, operation }: Case,
): Promise<readonly Line[]> {
  const busy: number[] = []
  const ask = (child: Child) => child.ask<Worked>('work', { operation, seconds: bench.seconds / 2 })
  const sides: Record<string, Sample> = {
    ours: async () => {
      const worked = await ask(ours)
      busy.push(worked.busy)
      return worked.perSecond
    },
    inline: async () => (await ask(inline)).perSecond,
  }
  const name = `${names[operation]}, ${String(milliseconds)} ms for each call to the token`
  const rates = await compareRates(bench, sides, [
    {
      operation: `HSM in a process, ${String(SESSIONS)} sessions: ${name}`,
      peer: 'inline, 1 session',
      ours: 'ours',
      theirs: 'inline',
      ...(milliseconds > 0 && { goal: { least: 10 } }),
    },
  ])
  const share = median(busy.slice(-bench.rounds)) * 100
  const goal = milliseconds > 0 ? { goal: { most: 20, unit: '%' } } : { goal: { unit: '%' } }
  return [
    ...rates,
    { operation: `event loop busy: ${name}`, peer: 'inline', ours: '', theirs: '100 %', figure: share, ...goal },
  ]
}

async function startService(bench: Bench, wish: Readonly<Record<string, string>>): Promise<Child> {
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-hsm-'))
  const environment = { PATH: process.env['PATH'], BENCH_SESSIONS: String(SESSIONS), ...wish }
  const child = startChild({
    script: 'tools/bench/src/hsm/executor-process.ts',
    environment,
    log: join(scratch, 'log'),
  })
  bench.own({
    async stop() {
      await child.stop()
      rmSync(scratch, { recursive: true, force: true })
    },
  })
  await child.told('ready')
  return child
}
