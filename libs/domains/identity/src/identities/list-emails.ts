import { implement, reply } from '@strongroom/http'
import { jsonApi } from '@strongroom/http/contract'
import { isAdmin } from '../ledger/authority.ts'
import { notAllowed, notFound } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { listEmails } from './contract.ts'
import { describeFull } from './describe.ts'
import { MOST_AT_ONCE } from './shapes.ts'
import { findByAddresses } from './store.ts'

/** In the order in which they were asked for, each once. */
export const emails = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'ledger'>>()(
  listEmails,
  async ({ proof, body }, deps) => {
    if (!(await isAdmin(deps.ledger, proof.keyId))) return notAllowed()
    const addresses = [...new Set(body.data.map(({ id }) => id))]
    const found = new Map((await findByAddresses(deps, addresses)).map((one) => [one.address, one]))
    if (found.size === 0) return notFound()
    const known = addresses.flatMap((address) => found.get(address) ?? [])
    const data = await Promise.all(known.map((one) => describeFull(deps.hsm, one)))
    const unknown = addresses.filter((address) => !found.has(address))
    const page = { number: 1, limit: MOST_AT_ONCE }
    const links = jsonApi.pageLinks({ path: '/identities/mass-emails', page, more: false })
    return reply(200, { data, links, meta: { unknown } })
  },
)
