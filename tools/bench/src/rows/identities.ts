import { newSeed, signerOf } from '@strongroom/identity-client'
import type { Bench, Row } from '../bench.ts'
import type { Line } from '../line.ts'
import { load } from '../load/load.ts'
import { get } from '../load/requests.ts'
import type { AppServer } from '../world/app.ts'
import { fillIdentities } from '../world/fill-identities.ts'
import { seedOwners, signTarget, startIdentityStorage } from '../world/identity-storage.ts'
import { FEW_CONNECTIONS, SMALL, whileGrowing } from './growing.ts'

/** More than the page that is asked for comes after. */
const SEEDED = 200
const PAGE = '/identities?page[number]=10&page[limit]=15'

const asked = {
  filter: 'GET identities by e-mail address',
  page: 'GET identities, the tenth page of all, as an administrator,',
} as const
type Way = keyof typeof asked

/** Who somebody is, and all there are: among few and among a million. */
export const identities: Row = {
  name: 'identities',
  async measure(bench) {
    const small = await serverOf(bench)
    const lines: Line[] = []
    for (const way of ['filter', 'page'] as const) {
      const large = await serverOf(bench)
      const growth = await whileGrowing(bench, {
        operation: asked[way],
        things: 'identities',
        small: medianOf(bench, small, way),
        large: medianOf(bench, large, way),
        addRows: (count) => fillIdentities(large.server.database, count),
      })
      lines.push(...growth)
      await large.server.stop()
    }
    await small.server.stop()
    return lines
  },
}

interface Filled {
  readonly server: AppServer
  readonly requests: Readonly<Record<Way, readonly string[]>>
}

async function serverOf(bench: Bench): Promise<Filled> {
  const admin = signerOf(newSeed())
  const settings = { LEDGER_MASTER_ACCOUNT: admin.keyId, LEDGER_ADMIN_KEYS: admin.keyId }
  const server = bench.own(await startIdentityStorage(await bench.durable(), settings))
  const owners = await seedOwners(server.port, SEEDED)
  await fillIdentities(server.database, SMALL - SEEDED)
  const filter = owners.map(({ email }) => get(`/identities?filter[email]=${encodeURIComponent(email)}`))
  return { server, requests: { filter, page: [get(PAGE, await signTarget(admin, 'GET', PAGE))] } }
}

/** A list in which nobody was found is answered 200 too. */
const begins = '{"data":[{'

const medianOf =
  (bench: Bench, { server: { port }, requests }: Filled, way: Way) =>
  async (): Promise<number> => {
    const until = { seconds: bench.seconds }
    const plan = { port, connections: FEW_CONNECTIONS, requests: requests[way], expect: 200, begins, until }
    return (await load(plan)).p50
  }
