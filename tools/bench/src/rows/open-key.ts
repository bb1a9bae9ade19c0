import { rateOf, type Row } from '../bench.ts'
import { getKey } from '../load/requests.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { PIN } from '../world/seed-keys.ts'
import { compareRates } from './rates.ts'

/** GET of a key with the right PIN: charge, MAC and open in the HSM, settle, audit. */
export const openKey: Row = {
  name: 'open-key',
  async measure(bench) {
    const { server, ids } = await bench.keyServer()
    const quiet = await server.spawn({ LOG_LEVEL: 'warn' })
    const database = await makePeerDatabase(await bench.durable(), ids)
    const durable = bench.own(await startPeer('two-commits', { database }))
    const relaxed = bench.own(await startPeer('two-commits', { database, settings: { PEER_SECOND_COMMIT: 'off' } }))
    const original = bench.own(await startPeer('original-shape', { database }))
    const requests = ids.map((id) => getKey(id, PIN))
    const sideOn = ({ port }: { port: number }) => rateOf(bench, { port, requests })
    const sides = {
      ours: sideOn(server),
      durable: sideOn(durable),
      quiet: sideOn(quiet),
      relaxed: sideOn(relaxed),
      original: sideOn(original),
    }
    const operation = 'GET key, right PIN'
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
      { operation: 'the same, logging warnings only', peer: twoCommits, ours: 'quiet', theirs: 'durable' },
      { operation, peer: shape, ours: 'ours', theirs: 'original', goal: { least: 15 } },
    ])
    await Promise.all([quiet.child.stop(), durable.stop(), relaxed.stop(), original.stop()])
    return lines
  },
}
