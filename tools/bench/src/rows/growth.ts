import { type Bench, CONNECTIONS, type Row } from '../bench.ts'
import { interleave } from '../interleave.ts'
import { inWords, type Line } from '../line.ts'
import { load } from '../load/load.ts'
import { getKey } from '../load/requests.ts'
import { fillKeys, settle } from '../world/fill-keys.ts'
import { type KeyServer, startKeyServer } from '../world/key-server.ts'
import { PIN, seedKeys } from '../world/seed-keys.ts'

const SMALL = 1000
const SIZES = { quick: [100_000], full: [10_000, 100_000, 1_000_000] } as const
const READ = 500
// Few enough that the median is the work of one request and not the queue before it.
const FEW_CONNECTIONS = CONNECTIONS / 8

/** GET of a key by the right PIN, among few keys and among many: two servers, so that both are seen at the same time. */
export const growth: Row = {
  name: 'growth',
  async measure(bench) {
    const [small, large] = await Promise.all([serverOf(bench, SMALL), serverOf(bench, SMALL)])
    const lines: Line[] = []
    let rows = SMALL
    for (const size of SIZES[bench.depth]) {
      await fillKeys(large.server.database, { rows: size - rows, told: 1 })
      await settle(large.server.database)
      rows = size
      await large.median()
      await small.median()
      const { values, ratio } = await interleave([large.median, small.median], bench.rounds)
      const [ours = Number.NaN, theirs = Number.NaN] = values
      lines.push({
        operation: `GET key p50, ${size.toLocaleString('en')} keys`,
        peer: `itself, ${SMALL.toLocaleString('en')} keys`,
        ours: `${inWords(ours)} ms`,
        theirs: `${inWords(theirs)} ms`,
        figure: ratio(0, 1),
        goal: { most: 1.25 },
      })
    }
    await small.server.stop()
    await large.server.stop()
    return lines
  },
}

interface Filled {
  readonly server: KeyServer
  /** Milliseconds. */
  readonly median: () => Promise<number>
}

async function serverOf(bench: Bench, rows: number): Promise<Filled> {
  const server = bench.own(await startKeyServer({ superuserUrl: await bench.durable() }))
  const ids = await seedKeys(server.port, READ)
  await fillKeys(server.database, { rows: rows - ids.length, told: 1 })
  await settle(server.database)
  const requests = ids.map((id) => getKey(id, PIN))
  const until = { seconds: bench.seconds }
  const plan = { port: server.port, connections: FEW_CONNECTIONS, requests, expect: 200, until }
  return { server, median: async () => (await load(plan)).p50 }
}
