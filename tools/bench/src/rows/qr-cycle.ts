import { type Bench, CONNECTIONS, type Row } from '../bench.ts'
import { interleave, warmUp } from '../interleave.ts'
import { inWords, type Line } from '../line.ts'
import { load } from '../load/load.ts'
import type { AppServer } from '../world/app.ts'
import { renewSessions } from '../world/fill-sessions.ts'
import { type BenchRedis, startBenchRedis } from '../world/redis.ts'
import { seedWallets, startSssLca } from '../world/sss-lca.ts'
import { startTokens } from '../world/tokens.ts'
import { FEW_CONNECTIONS } from './growing.ts'
import { compareRates } from './rates.ts'

const APPROVERS = 100
const [FEW, MANY] = [10, 4900]
// With these the most that may be alive are not reached.
const CYCLES = 100

/** A login by QR code: opened, found by its code, approved by a login, fetched. Sessions in PostgreSQL, and in Redis. */
export const qrCycle: Row = {
  name: 'qr-cycle',
  async measure(bench) {
    const tokens = bench.own(await startTokens())
    const redis = bench.own(await startBenchRedis())
    const server = bench.own(await startSssLca(await bench.durable(), tokens))
    const wallets = await seedWallets(server.port, tokens, APPROVERS)
    const approvers = wallets.map(({ login }) => login)
    const lines = [
      ...(await besideRedis(bench, { server, redis, approvers })),
      await amongMany(bench, { server, approvers }),
    ]
    await Promise.all([server.stop(), redis.stop(), tokens.stop()])
    return lines
  },
}

interface Relay {
  readonly server: AppServer
  readonly approvers: readonly string[]
}

async function besideRedis(bench: Bench, { server, redis, approvers }: Relay & { redis: BenchRedis }) {
  const inRedis = await server.spawn({ REDIS_URL: redis.url })
  const plan = { connections: CONNECTIONS, approvers, until: { seconds: bench.seconds } }
  const sides = {
    async postgres() {
      await renewSessions(server.database, 0)
      return (await load({ ...plan, port: server.port })).perSecond
    },
    async redis() {
      await redis.empty()
      return (await load({ ...plan, port: inRedis.port })).perSecond
    },
  }
  const operation = 'QR login, four requests, sessions in PostgreSQL'
  const comparison = { operation, peer: 'the same, sessions in Redis', ours: 'postgres', theirs: 'redis' }
  const lines = await compareRates(bench, sides, [{ ...comparison, goal: { least: 0.5 } }])
  await inRedis.child.stop()
  return lines
}

async function amongMany(bench: Bench, { server, approvers }: Relay): Promise<Line> {
  const medianAmong = (live: number) => async () => {
    await renewSessions(server.database, live)
    const until = { requests: CYCLES }
    return (await load({ port: server.port, connections: FEW_CONNECTIONS, approvers, until })).p50
  }
  const sides = [medianAmong(MANY), medianAmong(FEW)]
  await warmUp(sides)
  const { values, ratio } = await interleave(sides, bench.rounds)
  const [ours = Number.NaN, theirs = Number.NaN] = values
  return {
    operation: `QR login p50, ${MANY.toLocaleString('en')} sessions alive`,
    peer: `itself, ${String(FEW)} alive`,
    ours: `${inWords(ours)} ms`,
    theirs: `${inWords(theirs)} ms`,
    figure: ratio(0, 1),
    goal: { most: 1.25 },
  }
}
