import { rateOf, type Row } from '../bench.ts'
import { get } from '../load/requests.ts'
import { seedCookies } from '../world/better-auth.ts'
import { seedOwners, startIdentityStorage } from '../world/identity-storage.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { compareRates } from './rates.ts'

const SESSIONS = 200

/** A session found, its end put off and its key opened in the HSM; Better Auth reads one, and its user. */
export const sessionCheck: Row = {
  name: 'session-check',
  async measure(bench) {
    const superuserUrl = await bench.durable()
    const server = bench.own(await startIdentityStorage(superuserUrl))
    const owners = await seedOwners(server.port, SESSIONS)
    const peer = bench.own(await startPeer('better-auth', { database: await makePeerDatabase(superuserUrl) }))
    const cookies = await seedCookies(peer.port, SESSIONS)
    const ours = owners.map(({ sessionId }) => get(`/sessions/${sessionId}`))
    const theirs = cookies.map((cookie) => get('/api/auth/get-session', { Cookie: cookie }))
    const lines = await compareRates(
      bench,
      {
        ours: rateOf(bench, { port: server.port, requests: ours, begins: '{"data":{' }),
        theirs: rateOf(bench, { port: peer.port, requests: theirs, begins: '{"session":{' }),
      },
      [
        {
          operation: 'GET session, extended',
          peer: 'Better Auth 1.3.34, get-session from PostgreSQL',
          ours: 'ours',
          theirs: 'theirs',
          goal: { least: 5 },
        },
      ],
    )
    await Promise.all([server.stop(), peer.stop()])
    return lines
  },
}
