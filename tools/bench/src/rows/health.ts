import { rateOf, type Row } from '../bench.ts'
import { get } from '../load/requests.ts'
import { startPeer } from '../world/peer.ts'
import { compareRates } from './rates.ts'

/** The road without a destination: router, request id, headers, shapes, metrics and one log line for each answer. */
export const health: Row = {
  name: 'health',
  async measure(bench) {
    const { server } = await bench.keyServer()
    const quiet = await server.spawn({ LOG_LEVEL: 'warn' })
    const bare = bench.own(await startPeer('bare'))
    const requests = [get('/health/live')]
    const sides = {
      ours: rateOf(bench, { port: server.port, requests }),
      quiet: rateOf(bench, { port: quiet.port, requests }),
      bare: rateOf(bench, { port: bare.port, requests }),
    }
    const peer = 'Koa, one JSON answer'
    const lines = await compareRates(bench, sides, [
      { operation: 'health on the full road', peer, ours: 'ours', theirs: 'bare', goal: { least: 0.6 } },
      { operation: 'the same, logging warnings only', peer, ours: 'quiet', theirs: 'bare' },
    ])
    await Promise.all([quiet.child.stop(), bare.stop()])
    return lines
  },
}
