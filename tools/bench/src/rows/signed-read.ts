import { rateOf, type Row } from '../bench.ts'
import { get } from '../load/requests.ts'
import { ask } from '../world/ask.ts'
import { seedOwners, signTarget, startIdentityStorage, type WalletOwner } from '../world/identity-storage.ts'
import { makePeerSettings, startPeer } from '../world/peer.ts'
import { compareRates } from './rates.ts'

const FEW = 200
/** More than the app remembers anything of. */
const MANY = 1200
const [KEY, VALUE] = ['locale', 'en-GB']

/** One's own setting: the signature verified, the signers of the account read and proved, the value opened in the HSM. */
export const signedRead: Row = {
  name: 'signed-read',
  async measure(bench) {
    const superuserUrl = await bench.durable()
    const server = bench.own(await startIdentityStorage(superuserUrl))
    const owners = await seedOwners(server.port, MANY)
    for (const owner of owners) await set(server.port, owner)
    const accounts = owners.map(({ signer }) => signer.keyId)
    const database = await makePeerSettings(superuserUrl, { accounts, key: KEY, value: VALUE })
    const peer = bench.own(await startPeer('signed-select', { database }))
    const requests = await Promise.all(owners.map(requestBy))
    const begins = '{"data":{'
    const sides = {
      few: rateOf(bench, { port: server.port, requests: requests.slice(0, FEW), begins }),
      many: rateOf(bench, { port: server.port, requests, begins }),
      theirs: rateOf(bench, { port: peer.port, requests: requests.slice(0, FEW), begins }),
    }
    const one = { peer: 'Koa + Ed25519 verified + 1 SELECT', theirs: 'theirs' }
    const lines = await compareRates(bench, sides, [
      {
        ...one,
        operation: 'signed GET of a setting, accounts that were read before',
        ours: 'few',
        goal: { least: 0.7 },
      },
      { ...one, operation: 'the same, each account new', ours: 'many' },
    ])
    await Promise.all([server.stop(), peer.stop()])
    return lines
  },
}

const settingsOf = ({ signer }: WalletOwner) => `/identities/${signer.keyId}/settings`

async function set(port: number, owner: WalletOwner): Promise<void> {
  const path = settingsOf(owner)
  const headers = await signTarget(owner.signer, 'PUT', path)
  await ask(port, { method: 'PUT', path, headers, body: { data: { attributes: { key: KEY, value: VALUE } } } })
}

async function requestBy(owner: WalletOwner): Promise<string> {
  const path = `${settingsOf(owner)}/${KEY}`
  return get(path, await signTarget(owner.signer, 'GET', path))
}
