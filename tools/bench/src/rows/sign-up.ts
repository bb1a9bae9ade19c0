import { newSeed, signerOf } from '@strongroom/identity-client'
import { rateOf, type Row } from '../bench.ts'
import { post, postKey } from '../load/requests.ts'
import { newWallet, startIdentityStorage } from '../world/identity-storage.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { PIN } from '../world/seed-keys.ts'
import { compareRates } from './rates.ts'

/**
 * A wallet with its account on the ledger, its factor, its identity, a mail that is queued and a session: a saga of four
 * durable commits. Told for comparison.
 */
export const signUp: Row = {
  name: 'sign-up',
  async measure(bench) {
    const superuserUrl = await bench.durable()
    const server = bench.own(await startIdentityStorage(superuserUrl, { EMAIL_VERIFICATION: 'required' }))
    const peer = bench.own(await startPeer('one-insert', { database: await makePeerDatabase(superuserUrl) }))
    const sides = {
      ours: async () => {
        const requests = Array.from({ length: MOST_A_SECOND * bench.seconds }, () =>
          post('/wallets', newWallet(signerOf(newSeed()).keyId)),
        )
        return rateOf(bench, { port: server.port, requests, expect: 201 })()
      },
      theirs: rateOf(bench, { port: peer.port, requests: [postKey(PIN)], expect: 201 }),
    }
    const lines = await compareRates(bench, sides, [
      {
        operation: 'POST wallets: wallet, account, mail and session, audit log on',
        peer: 'Koa + 1 INSERT, durable',
        ours: 'ours',
        theirs: 'theirs',
      },
    ])
    await Promise.all([server.stop(), peer.stop()])
    return lines
  },
}

/** No sample asks for the same wallet twice. */
const MOST_A_SECOND = 800
