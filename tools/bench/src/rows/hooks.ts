import { rateOf, type Row } from '../bench.ts'
import { postAs } from '../load/requests.ts'
import { newInstance, NODE_SECRET, seedSigners, startMpcAuth } from '../world/mpc-auth.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { startTokens } from '../world/tokens.ts'
import { compareRates } from './rates.ts'

const DEVICES = 200
const MESSAGE = 'ab'.repeat(32)

/** Whether a device may sign, asked by an MPC node: two stamps compared in the HSM; what is approved is a row and an event, on disk a moment later. */
export const hooks: Row = {
  name: 'hooks',
  async measure(bench) {
    const tokens = bench.own(await startTokens())
    const superuserUrl = await bench.durable()
    const server = bench.own(await startMpcAuth({ superuserUrl, tokens }))
    const signers = await seedSigners(server, tokens, DEVICES)
    const ids = signers.flatMap(({ keyIds }) => keyIds)
    const database = await makePeerDatabase(superuserUrl, ids)
    const reading = bench.own(await startPeer('one-select', { database }))
    const recording = bench.own(await startPeer('one-select', { database, settings: { PEER_RECORD: 'kept' } }))
    const requests = signers.map(({ device, keyIds }) =>
      postAs(NODE_SECRET, '/hooks/dsg-setup', {
        token: device,
        setup: { key_id: keyIds, sign_alg: ['ecdsa'], message: [MESSAGE] },
        instance: newInstance(),
      }),
    )
    // "reject" is answered 200 too.
    const sideOn = (port: number) => rateOf(bench, { port, requests, begins: '"ok"' })
    const sides = {
      ours: sideOn(server.beside['hooks'] ?? 0),
      reading: sideOn(reading.port),
      recording: sideOn(recording.port),
    }
    const operation = 'POST dsg-setup: a row and an event each'
    const lines = await compareRates(bench, sides, [
      { operation, peer: 'Koa + 1 SELECT', ours: 'ours', theirs: 'reading', goal: { least: 0.5 } },
      { operation, peer: 'Koa + 1 SELECT + 1 INSERT, durable', ours: 'ours', theirs: 'recording' },
    ])
    await Promise.all([server.stop(), reading.stop(), recording.stop()])
    return lines
  },
}
