import type { Row } from '../bench.ts'
import { inWords, type Line } from '../line.ts'
import { load } from '../load/load.ts'
import { postKey } from '../load/requests.ts'
import { type AccountsServer, startAccountsServer } from '../world/accounts.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { PIN } from '../world/seed-keys.ts'
import { compareRates } from './rates.ts'

const EACH = { quick: 20, full: 100 } as const
const AT_ONCE = { quick: 40, full: 1000 } as const

/** Sign-ups, which do not wait for the chain; then many of them at once, until each account stands on it. */
export const accounts: Row = {
  name: 'accounts',
  async measure(bench) {
    const superuserUrl = await bench.durable()
    const server = bench.own(await startAccountsServer(superuserUrl))
    const peer = bench.own(await startPeer('one-insert', { database: await makePeerDatabase(superuserUrl) }))
    const each = EACH[bench.depth]
    const plan = { connections: 8, expect: 201, until: { requests: each } }
    const sides = {
      ours: async () => (await load({ ...plan, port: server.port, requests: server.signUps(each) })).perSecond,
      theirs: async () => (await load({ ...plan, port: peer.port, requests: [postKey(PIN)] })).perSecond,
    }
    const comparison = {
      operation: 'POST signup: account, two keys, deployment queued',
      peer: 'Koa + 1 INSERT, durable',
    }
    const lines: Line[] = [...(await compareRates(bench, sides, [{ ...comparison, ours: 'ours', theirs: 'theirs' }]))]
    await server.work()
    await server.settled()
    lines.push(...(await atOnce(AT_ONCE[bench.depth], server)))
    await Promise.all([server.stop(), peer.stop()])
    return lines
  },
}

/** A worker takes up the first of them while the last are still asked for. */
async function atOnce(many: number, server: AccountsServer): Promise<Line[]> {
  const before = await server.settled()
  const began = performance.now()
  const again = await server.signUpAtOnce(many)
  const answered = (performance.now() - began) / 1000
  const after = await server.settled()
  const seconds = (performance.now() - began) / 1000
  const operation = `${String(many)} sign-ups at once`
  const told = { peer: 'none', theirs: '' }
  return [
    {
      ...told,
      operation: `${operation}, told to come back`,
      ours: inWords(many / answered),
      figure: again,
      goal: { most: 0, unit: 'answers' },
    },
    {
      ...told,
      operation: `${operation}, accounts that stand`,
      ours: inWords(many / seconds),
      figure: after.deployed - before.deployed,
      goal: { least: many, most: many, unit: 'accounts' },
    },
    {
      ...told,
      operation: `${operation}, nonces lost`,
      ours: '',
      figure: after.given - after.mined,
      goal: { most: 0, unit: 'nonces' },
    },
  ]
}
