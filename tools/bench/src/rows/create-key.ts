import { rateOf, type Row } from '../bench.ts'
import { postKey } from '../load/requests.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { PIN } from '../world/seed-keys.ts'
import { compareRates } from './rates.ts'

/** A key made and locked in the HSM, its budget and its event, in one durable statement. */
export const createKey: Row = {
  name: 'create-key',
  async measure(bench) {
    const { server } = await bench.keyServer()
    const database = await makePeerDatabase(await bench.durable())
    const peer = bench.own(await startPeer('one-insert', { database }))
    const sideOn = ({ port }: { port: number }) => rateOf(bench, { port, requests: [postKey(PIN)], expect: 201 })
    const lines = await compareRates(bench, { ours: sideOn(server), theirs: sideOn(peer) }, [
      {
        operation: 'create key, durable, audit log on',
        peer: 'Koa + 1 INSERT, durable',
        ours: 'ours',
        theirs: 'theirs',
        goal: { least: 0.6 },
      },
    ])
    await peer.stop()
    return lines
  },
}
