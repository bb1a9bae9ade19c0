import { randomBytes, randomInt } from 'node:crypto'
import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { initialise, start, stateDirectory, type Cluster } from '@strongroom/postgres'

/** A PostgreSQL of one test's own, to be stopped under a running app. What it acknowledged is on the disk. */
export interface OwnCluster extends AsyncDisposable {
  /** Of the superuser. The port stays the same over restarts. */
  readonly url: string
  /** As an operator stops it: clients are cut off, everything is written. */
  stop(): Promise<void>
  /** As a kernel panic does: nothing more is written, and the next start recovers from the log. */
  crash(): Promise<void>
  restart(): Promise<void>
}

export async function startOwnCluster(settings = ''): Promise<OwnCluster> {
  const directory = join(stateDirectory(), `attacks-${String(process.pid)}-${randomBytes(4).toString('hex')}`)
  const place = { directory, durability: 'durable' } as const
  await initialise(place)
  appendFileSync(join(directory, 'data/postgresql.conf'), settings)
  // Below those that the system gives to whoever dials out: one of them would be taken while the cluster is away.
  let cluster: Cluster = await start({ ...place, port: randomInt(10_000, 32_000) })
  const { url, port } = cluster
  return {
    url,
    stop: () => cluster.stop(),
    async crash() {
      const [pid] = readFileSync(join(directory, 'data/postmaster.pid'), 'utf8').split('\n')
      process.kill(Number(pid), 'SIGQUIT')
      await cluster.ended
    },
    async restart() {
      cluster = await start({ ...place, port })
      if (cluster.port !== port) throw new Error('Somebody took the port of the cluster.')
    },
    async [Symbol.asyncDispose]() {
      await cluster.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
