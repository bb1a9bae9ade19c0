import { type Bench, rateOf, type Row } from '../bench.ts'
import { load } from '../load/load.ts'
import { post } from '../load/requests.ts'
import type { AppServer } from '../world/app.ts'
import { fillWallets } from '../world/fill-wallets.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { seedWallets, startSssLca, type Wallet } from '../world/sss-lca.ts'
import { freshTokens, peerSettings, startTokens, type Tokens } from '../world/tokens.ts'
import { FEW_CONNECTIONS, SMALL, whileGrowing } from './growing.ts'
import { compareRates } from './rates.ts'

const READ = 200

/** The auth share to its login: the token verified, contact and login named and the share opened in the HSM, an event. */
export const authShare: Row = {
  name: 'auth-share',
  async measure(bench) {
    const tokens = bench.own(await startTokens())
    const small = await serverOf(bench, tokens)
    const lines = await besidePeer(bench, tokens, small)
    const large = await serverOf(bench, tokens)
    const growth = await whileGrowing(bench, {
      operation: 'POST auth-share',
      things: 'records',
      small: medianOf(bench, small),
      large: medianOf(bench, large),
      addRows: (count) => fillWallets(large.server.database, count),
    })
    await Promise.all([small.server.stop(), large.server.stop()])
    return [...lines, ...growth]
  },
}

interface Filled {
  readonly server: AppServer
  readonly wallets: readonly Wallet[]
  readonly requests: readonly string[]
}

async function serverOf(bench: Bench, tokens: Tokens): Promise<Filled> {
  const server = bench.own(await startSssLca(await bench.durable(), tokens))
  const wallets = await seedWallets(server.port, tokens, READ)
  await fillWallets(server.database, SMALL - READ)
  return { server, wallets, requests: wallets.map(({ login }) => asked(login)) }
}

const asked = (login: string) => post('/api/keys/auth-share', { authToken: login, providerType: 'firebase' })

/** A caller without a record is answered 200 too. */
const begins = '{"exists":true,"authShare":{'

async function besidePeer(bench: Bench, tokens: Tokens, { server, wallets, requests }: Filled) {
  const ids = wallets.map(({ subject }) => subject)
  const database = await makePeerDatabase(await bench.durable(), ids)
  const peer = bench.own(await startPeer('verified-select', { database, settings: peerSettings(tokens) }))
  const fresh = (await freshTokens(tokens, 'login', ids)).map(asked)
  const sides = {
    fresh: rateOf(bench, { port: server.port, requests: fresh, begins }),
    known: rateOf(bench, { port: server.port, requests, begins }),
    theirs: rateOf(bench, { port: peer.port, requests }),
  }
  const one = { peer: 'Koa + JWT verified + 1 SELECT', theirs: 'theirs' }
  const lines = await compareRates(bench, sides, [
    { ...one, operation: 'POST auth-share, audit log on, each token new', ours: 'fresh', goal: { least: 0.5 } },
    { ...one, operation: 'the same, tokens that were shown before', ours: 'known' },
  ])
  await peer.stop()
  return lines
}

const medianOf =
  (bench: Bench, { server: { port }, requests }: Filled) =>
  async (): Promise<number> => {
    const until = { seconds: bench.seconds }
    return (await load({ port, connections: FEW_CONNECTIONS, requests, expect: 200, begins, until })).p50
  }
