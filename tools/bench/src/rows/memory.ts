import { existsSync } from 'node:fs'
import { type Bench, type Row } from '../bench.ts'
import { openRawLoop } from '../hsm/raw-loop.ts'
import { inWords, type Line } from '../line.ts'
import { load } from '../load/load.ts'
import { getKey } from '../load/requests.ts'
import { type Point, slope } from '../statistics.ts'
import { startKeyServer } from '../world/key-server.ts'
import { PIN, seedKeys } from '../world/seed-keys.ts'

const REQUESTS = { quick: 16_000, full: 1_000_000 } as const
// Then it stops, wherever it is.
const SECONDS = { quick: 15, full: 480 } as const
const OPERATIONS = { quick: 10_000, full: 200_000 } as const
const SAMPLES = 16
// Fewer have no slope.
const LEAST_SAMPLES = 4
const KEYS = 200
// As many at once as there are connections to the database: queues are memory too, but not a leak.
const CONNECTIONS = 10
const usualPlaces = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']

/** What stays after a collection, for each request, on a module that keeps nothing itself; and what SoftHSM keeps. */
export const memory: Row = {
  name: 'memory',
  async measure(bench) {
    const soft = await leakOfModule(bench)
    const { requests, heap, rss } = await slopes(bench)
    const operation = `memory after a collection, GET key × ${requests.toLocaleString('en')}, NSS`
    // A short run cannot tell the resident set of a leak from that of a process which still warms up.
    const goal = { most: 20, unit: 'bytes' }
    return [
      { operation: `${operation}: heap`, peer: 'none', ours: `${inWords(heap)} B`, theirs: '', figure: heap, goal },
      {
        operation: `${operation}: resident set`,
        peer: 'none',
        ours: `${inWords(rss)} B`,
        theirs: '',
        figure: rss,
        ...(bench.depth === 'full' && { goal }),
      },
      {
        operation: 'what SoftHSM itself keeps (C loop, openLockedKey)',
        peer: 'none',
        ours: `${inWords(soft)} B`,
        theirs: '',
        figure: soft,
      },
    ] satisfies Line[]
  },
}

async function leakOfModule(bench: Bench): Promise<number> {
  const raw = bench.own(await openRawLoop())
  const { bytesEach } = await raw.repeat('open-locked', { count: OPERATIONS[bench.depth] })
  await raw.stop()
  return bytesEach
}

/** Bytes for each request over the second half of those that there was time for: the first one warms up. */
async function slopes(bench: Bench): Promise<{ requests: number; heap: number; rss: number }> {
  const superuserUrl = await bench.throwaway()
  const server = bench.own(await startKeyServer({ superuserUrl, module: nssModule(), nodeArguments: ['--expose-gc'] }))
  const ids = await seedKeys(server.port, KEYS)
  const step = REQUESTS[bench.depth] / SAMPLES
  const plan = {
    port: server.port,
    connections: CONNECTIONS,
    requests: ids.map((id) => getKey(id, PIN)),
    expect: 200,
    until: { requests: step },
  }
  const over = performance.now() + SECONDS[bench.depth] * 1000
  const seen: { heap: Point; rss: Point }[] = []
  while (seen.length < SAMPLES && (seen.length < LEAST_SAMPLES || performance.now() < over)) {
    const { requests } = await load(plan)
    const { heap, rss } = await server.child.ask<{ heap: number; rss: number }>('memory')
    const x = (seen.at(-1)?.heap.x ?? 0) + requests
    seen.push({ heap: { x, y: heap }, rss: { x, y: rss } })
  }
  await server.stop()
  const settled = seen.slice(Math.floor(seen.length / 2))
  return {
    requests: seen.at(-1)?.heap.x ?? 0,
    heap: slope(settled.map(({ heap }) => heap)),
    rss: slope(settled.map(({ rss }) => rss)),
  }
}

function nssModule(): string {
  const given = process.env['STRONGROOM_NSS_MODULE']
  const found = given ?? usualPlaces.map((place) => `${place}/libsoftokn3.so`).find((path) => existsSync(path))
  if (found === undefined)
    throw new Error('this row wants NSS softokn (libnss3): set STRONGROOM_NSS_MODULE to its path')
  return found
}
