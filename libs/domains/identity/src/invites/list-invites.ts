import { toHex } from '@strongroom/crypto'
import { implement, reply } from '@strongroom/http'
import { jsonApi } from '@strongroom/http/contract'
import { DEEPEST } from '../identities/shapes.ts'
import { findByEmails } from '../identities/store.ts'
import { fieldRefused, notAllowed } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { managerOf } from './authority.ts'
import { listInvites } from './contract.ts'
import { openEmail } from './names.ts'
import { findInvites, type Invite } from './store.ts'

type ListDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'ledger'>

export const list = implement<ListDeps>()(listInvites, async ({ query, proof }, deps) => {
  const sale = query['filter[sale-id]'] || undefined
  if (!(await managerOf(deps.ledger, { key: proof.keyId, sale }))) return notAllowed()
  const page = { number: query['page[number]'], limit: query['page[limit]'] }
  const offset = (page.number - 1) * page.limit
  if (offset > DEEPEST) return fieldRefused({ meta: { field: 'page[number]', error: 'is too far: filter by a sale' } })
  const order = query['page[order]']
  const found = await findInvites(deps.database, { sale, limit: page.limit + 1, offset, order: order ?? 'desc' })
  const data = await describeAll(deps, found.slice(0, page.limit))
  const links = jsonApi.pageLinks({
    path: '/invites',
    query: { 'filter[sale-id]': sale, 'page[order]': order },
    page,
    more: found.length > page.limit,
  })
  return reply(200, { data, links })
})

/** Accounts of those alone whose addresses were verified, or wait to be: others find them by these too. */
async function describeAll(deps: ListDeps, invites: readonly Invite[]) {
  const known = await findByEmails(
    deps,
    invites.map(({ contact }) => contact),
  )
  const accounts = new Map(
    known.flatMap(({ email, findable, address }) => (email && findable ? [[toHex(email), address] as const] : [])),
  )
  return Promise.all(
    invites.map(async (invite) => {
      const { id, type, sale, contact } = invite
      const account = accounts.get(toHex(contact))
      return {
        id: String(id),
        type,
        attributes: { email: await openEmail(deps.hsm, invite) },
        relationships: {
          ...(sale !== '' && { sales: { data: { id: sale, type: 'sales' as const } } }),
          ...(account !== undefined && { accounts: { data: { id: account, type: 'accounts' as const } } }),
        },
      }
    }),
  )
}
