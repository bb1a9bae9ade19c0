import { type Bench, CONNECTIONS, rateOf, type Row } from '../bench.ts'
import type { Line } from '../line.ts'
import { load } from '../load/load.ts'
import type { Plan } from '../load/plan.ts'
import { getKey } from '../load/requests.ts'
import type { KeyServer } from '../world/key-server.ts'
import { startLinkingWorker } from '../world/linking-worker.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { PIN } from '../world/seed-keys.ts'
import { compareRates } from './rates.ts'

const operation = 'GET key, right PIN, audit log on'
// In a full run as long as production waits between two sweeps of the audit log.
const SECONDS_BETWEEN_SWEEPS = { quick: 1, full: 3 } as const

/** GET of a key with the right PIN: charge, MAC and open in the HSM, settle, audit. */
export const openKey: Row = {
  name: 'open-key',
  async measure(bench) {
    const { server, ids } = await bench.keyServer()
    const requests = ids.map((id) => getKey(id, PIN))
    return [...(await besidePeers(bench, { server, ids, requests })), ...(await besideLinking(bench, server, requests))]
  },
}

async function besidePeers(
  bench: Bench,
  { server, ids, requests }: { server: KeyServer; ids: readonly string[]; requests: readonly string[] },
): Promise<readonly Line[]> {
  const database = await makePeerDatabase(await bench.durable(), ids)
  const durable = bench.own(await startPeer('two-commits', { database }))
  const relaxed = bench.own(await startPeer('two-commits', { database, settings: { PEER_SECOND_COMMIT: 'off' } }))
  const original = bench.own(await startPeer('original-shape', { database }))
  const sideOn = ({ port }: { port: number }) => rateOf(bench, { port, requests })
  const sides = {
    ours: sideOn(server),
    durable: sideOn(durable),
    relaxed: sideOn(relaxed),
    original: sideOn(original),
  }
  const twoCommits = 'Koa + 2 UPDATEs + 1 INSERT, two durable commits'
  const shape = 'the original’s shape (scrypt, read-add-write)'
  const lines = await compareRates(bench, sides, [
    { operation, peer: twoCommits, ours: 'ours', theirs: 'durable', goal: { least: 0.7 } },
    {
      operation,
      peer: 'the same, second commit asynchronous like ours',
      ours: 'ours',
      theirs: 'relaxed',
      goal: { least: 0.7 },
    },
    { operation, peer: shape, ours: 'ours', theirs: 'original', goal: { least: 15 } },
  ])
  await Promise.all([durable.stop(), relaxed.stop(), original.stop()])
  return lines
}

/** Each sample with the worker has one sweep, over the events of the sample without it before. */
async function besideLinking(bench: Bench, server: KeyServer, requests: readonly string[]): Promise<readonly Line[]> {
  const seconds = SECONDS_BETWEEN_SWEEPS[bench.depth]
  const plan: Plan = { port: server.port, connections: CONNECTIONS, requests, expect: 200, until: { seconds } }
  const worker = bench.own(await startLinkingWorker(server))
  const without = async () => (await load(plan)).perSecond
  const linked = async () => {
    await worker.resume()
    const { perSecond } = await load(plan)
    await worker.pause()
    return perSecond
  }
  const lines = await compareRates(bench, { without, linked }, [
    {
      operation: 'the same, a worker beside that links the audit log',
      peer: 'without a worker',
      ours: 'linked',
      theirs: 'without',
    },
  ])
  await worker.stop()
  return lines
}
