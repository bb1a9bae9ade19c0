import { rateOf, type Row } from '../bench.ts'
import { getAs } from '../load/requests.ts'
import { seedSigners, startMpcAuth } from '../world/mpc-auth.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { freshTokens, peerSettings, startTokens } from '../world/tokens.ts'
import { compareRates } from './rates.ts'

const USERS = 200

const requestsBy = (those: readonly string[]) => those.map((token) => getAs(token, '/v2/keys'))

/**
 * What an access token reads: the token verified, its user named in the HSM and found, keys and backups listed. A device
 * asks many times with one token, whose signature is verified once a minute.
 */
export const accessRead: Row = {
  name: 'access-read',
  async measure(bench) {
    const tokens = bench.own(await startTokens())
    const superuserUrl = await bench.durable()
    const server = bench.own(await startMpcAuth({ superuserUrl, tokens }))
    const signers = await seedSigners(server, tokens, USERS)
    const ids = signers.map(({ subject }) => subject)
    const database = await makePeerDatabase(superuserUrl, ids)
    const peer = bench.own(await startPeer('verified-select', { database, settings: peerSettings(tokens) }))
    const [known, fresh] = [
      requestsBy(signers.map(({ token }) => token)),
      requestsBy(await freshTokens(tokens, 'access', ids)),
    ]
    const begins = '{"keys":[{'
    const sides = {
      known: rateOf(bench, { port: server.port, requests: known, begins }),
      fresh: rateOf(bench, { port: server.port, requests: fresh, begins }),
      theirs: rateOf(bench, { port: peer.port, requests: known }),
    }
    const one = { peer: 'Koa + JWT verified + 1 SELECT', theirs: 'theirs' }
    const lines = await compareRates(bench, sides, [
      { ...one, operation: 'GET v2/keys, tokens that were shown before', ours: 'known', goal: { least: 0.55 } },
      { ...one, operation: 'the same, each token new', ours: 'fresh' },
    ])
    await Promise.all([server.stop(), peer.stop()])
    return lines
  },
}
