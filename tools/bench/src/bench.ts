import { type Cluster, startThrowaway } from '@strongroom/postgres'
import type { Line } from './line.ts'
import { load } from './load/load.ts'
import type { Plan } from './load/plan.ts'
import { startDurable } from './world/cluster.ts'
import { type KeyServer, startKeyServer } from './world/key-server.ts'
import { seedKeys } from './world/seed-keys.ts'

/** How long a run looks: `quick` sees whether something is far off, `full` is what one quotes. */
export type Depth = 'quick' | 'full'

export interface Bench {
  readonly depth: Depth
  readonly rounds: number
  /** Of one sample. */
  readonly seconds: number
  /** Superuser of a PostgreSQL that waits for the disk. */
  durable(): Promise<string>
  /** Superuser of one that does not: for rows in which no commit is timed. */
  throwaway(): Promise<string>
  /** The key server that rows share, and keys on it that open with `PIN`. */
  keyServer(): Promise<{ server: KeyServer; ids: readonly string[] }>
  /** Stopped when the run ends, the newest first. */
  own<T extends { stop(): Promise<void> }>(started: T): T
}

export interface Row {
  readonly name: string
  measure(bench: Bench): Promise<readonly Line[]>
}

const depths = {
  quick: { rounds: 3, seconds: 0.4, keys: 200 },
  full: { rounds: 7, seconds: 2, keys: 1000 },
} as const

export const CONNECTIONS = 32

export function openBench(depth: Depth, stack: AsyncDisposableStack): Bench {
  const { keys, ...shape } = depths[depth]
  const own: Bench['own'] = (started) => {
    stack.defer(() => started.stop())
    return started
  }
  const cluster = (start: () => Promise<Cluster>) => once(async () => own(await start()).url)
  const durable = cluster(startDurable)
  return {
    depth,
    ...shape,
    durable,
    throwaway: cluster(startThrowaway),
    keyServer: once(async () => {
      const server = own(await startKeyServer({ superuserUrl: await durable() }))
      return { server, ids: await seedKeys(server.port, keys) }
    }),
    own,
  }
}

/** A sample of a server's rate: every connection asks again at once. */
export const rateOf =
  (bench: Bench, plan: Pick<Plan, 'port' | 'requests'> & Partial<Plan>) => async (): Promise<number> =>
    (await load({ connections: CONNECTIONS, expect: 200, until: { seconds: bench.seconds }, ...plan })).perSecond

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
