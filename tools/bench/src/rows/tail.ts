import { CONNECTIONS, type Row } from '../bench.ts'
import { interleave } from '../interleave.ts'
import { inWords, type Line } from '../line.ts'
import { load } from '../load/load.ts'
import type { Plan } from '../load/plan.ts'
import { getKey } from '../load/requests.ts'
import { median } from '../statistics.ts'
import { PIN } from '../world/seed-keys.ts'
import { setTimeout as pause } from 'node:timers/promises'

const SHARE_OF_MOST = 0.7

/** What a busy server does to the slowest, and its token to the event loop. */
export const tail: Row = {
  name: 'tail',
  async measure(bench) {
    const { server, ids } = await bench.keyServer()
    const plan: Plan = {
      port: server.port,
      connections: CONNECTIONS,
      requests: ids.map((id) => getKey(id, PIN)),
      expect: 200,
      until: { seconds: bench.seconds * 2 },
    }
    await load(plan)
    const seen = { most: [] as number[], p50: [] as number[], p99: [] as number[] }
    const underLoad = async () => {
      await server.child.ask('watchLoop')
      seen.most.push((await load(plan)).perSecond)
      return server.child.ask<number>('loopDelay')
    }
    const idle = async () => {
      await server.child.ask('watchLoop')
      await pause(bench.seconds * 1000)
      return server.child.ask<number>('loopDelay')
    }
    const atShare = async () => {
      const rate = median(seen.most) * SHARE_OF_MOST
      const { p50, p99 } = await load({ ...plan, rate })
      seen.p50.push(p50)
      seen.p99.push(p99)
      return p99 / p50
    }
    const { values } = await interleave([underLoad, idle, atShare], bench.rounds)
    const [loaded = Number.NaN, quiet = Number.NaN, spread = Number.NaN] = values
    const rate = inWords(median(seen.most) * SHARE_OF_MOST)
    return [
      {
        operation: `GET key p99 at 70 % of the maximum (${rate}/s)`,
        peer: 'own p50',
        ours: `${inWords(median(seen.p99))} ms`,
        theirs: `${inWords(median(seen.p50))} ms`,
        figure: spread,
        goal: { most: 5 },
      },
      {
        operation: 'event-loop delay p99 under GET key at the maximum',
        peer: 'idle',
        ours: `${inWords(loaded)} ms`,
        theirs: `${inWords(quiet)} ms`,
        figure: loaded - quiet,
        goal: { most: 20, unit: 'ms more' },
      },
    ] satisfies Line[]
  },
}
