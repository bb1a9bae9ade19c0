import type { Bench, Row } from '../bench.ts'
import { load } from '../load/load.ts'
import { getKey } from '../load/requests.ts'
import { fillKeys, settle } from '../world/fill-keys.ts'
import { type KeyServer, startKeyServer } from '../world/key-server.ts'
import { PIN, seedKeys } from '../world/seed-keys.ts'
import { FEW_CONNECTIONS, SMALL, whileGrowing } from './growing.ts'

const READ = 500

/** GET of a key by the right PIN. */
export const growth: Row = {
  name: 'growth',
  async measure(bench) {
    const [small, large] = await Promise.all([serverOf(bench), serverOf(bench)])
    const lines = await whileGrowing(bench, {
      operation: 'GET key',
      things: 'keys',
      small: small.median,
      large: large.median,
      addRows: (count) => addKeys(large.server, count),
    })
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

async function serverOf(bench: Bench): Promise<Filled> {
  const server = bench.own(await startKeyServer({ superuserUrl: await bench.durable() }))
  const ids = await seedKeys(server.port, READ)
  await addKeys(server, SMALL - ids.length)
  const requests = ids.map((id) => getKey(id, PIN))
  const until = { seconds: bench.seconds }
  const plan = { port: server.port, connections: FEW_CONNECTIONS, requests, expect: 200, until }
  return { server, median: async () => (await load(plan)).p50 }
}

async function addKeys({ database }: KeyServer, rows: number): Promise<void> {
  await fillKeys(database, { rows, told: 1 })
  await settle(database)
}
