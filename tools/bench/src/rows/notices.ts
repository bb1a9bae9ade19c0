import { sweeps, usualPolicies } from '@strongroom/pin-keys'
import { openDatabase } from '@strongroom/storage'
import type { Bench, Row } from '../bench.ts'
import type { Sample } from '../interleave.ts'
import type { Line } from '../line.ts'
import { countAnnounced, fillPendingLocks, renewDueLocks } from '../world/fill-locks.ts'
import { provisionKeyServer } from '../world/key-server.ts'
import { compareRates } from './rates.ts'

const SIZES = { quick: [100_000], full: [10_000, 100_000, 300_000] } as const
const DUE = { quick: 600, full: 1000 } as const

/** The sweep that tells of resets, among none that wait and among many: two databases, seen at the same time. */
export const notices: Row = {
  name: 'notices',
  async measure(bench) {
    const [alone, among] = await Promise.all([dispatcherOf(bench), dispatcherOf(bench)])
    const lines: Line[] = []
    let pending = 0
    for (const size of SIZES[bench.depth]) {
      await among.addPending(size - pending)
      pending = size
      const operation = `due notices made into jobs, ${size.toLocaleString('en')} locks pending`
      const peer = 'itself, none pending'
      const comparison = { operation, peer, ours: 'among', theirs: 'alone', goal: { least: 0.8 } }
      lines.push(...(await compareRates(bench, { alone: alone.dispatch, among: among.dispatch }, [comparison])))
    }
    await Promise.all([alone.stop(), among.stop()])
    return lines
  },
}

const announceDue =
  sweeps.find(({ name }) => name === 'pin-keys.announce-due') ?? fail('the sweep that announces has another name now')

interface Dispatcher {
  addPending(count: number): Promise<void>
  /** Notices a second. */
  readonly dispatch: Sample
  stop(): Promise<void>
}

async function dispatcherOf(bench: Bench): Promise<Dispatcher> {
  const server = bench.own(await provisionKeyServer({ superuserUrl: await bench.durable() }))
  const database = openDatabase({ connectionString: server.database.runtimeUrl })
  const due = DUE[bench.depth]
  return {
    addPending: (count) => fillPendingLocks(server.database, count),
    async dispatch() {
      await renewDueLocks(server.database, due)
      const started = performance.now()
      await announceDue.run({ database, policies: usualPolicies }, new AbortController().signal)
      const seconds = (performance.now() - started) / 1000
      const announced = await countAnnounced(server.database)
      if (announced !== due) throw new Error(`${String(announced)} of ${String(due)} notices were announced`)
      return due / seconds
    },
    async stop() {
      await database.close()
      await server.stop()
    },
  }
}

function fail(message: string): never {
  throw new Error(message)
}
