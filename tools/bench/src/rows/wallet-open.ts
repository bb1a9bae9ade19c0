import { rateOf, type Row } from '../bench.ts'
import { get, postKey } from '../load/requests.ts'
import { seedOwners, startIdentityStorage } from '../world/identity-storage.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { PIN } from '../world/seed-keys.ts'
import { compareRates } from './rates.ts'

const WALLETS = 200

/** Signing in: the wallet found and proved, opened in the HSM, and a session with its event in one durable statement. */
export const walletOpen: Row = {
  name: 'wallet-open',
  async measure(bench) {
    const superuserUrl = await bench.durable()
    const server = bench.own(await startIdentityStorage(superuserUrl))
    const owners = await seedOwners(server.port, WALLETS)
    const peer = bench.own(await startPeer('one-insert', { database: await makePeerDatabase(superuserUrl) }))
    const requests = owners.map(({ walletId }) => get(`/wallets/${walletId}`))
    const lines = await compareRates(
      bench,
      {
        ours: rateOf(bench, { port: server.port, requests, begins: '{"data":{' }),
        theirs: rateOf(bench, { port: peer.port, requests: [postKey(PIN)], expect: 201 }),
      },
      [
        {
          operation: 'GET wallet with a new session, audit log on',
          peer: 'Koa + 1 INSERT, durable',
          ours: 'ours',
          theirs: 'theirs',
          goal: { least: 0.5 },
        },
      ],
    )
    await Promise.all([server.stop(), peer.stop()])
    return lines
  },
}
