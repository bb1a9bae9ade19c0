import { implement, Refusal, reply } from '@strongroom/http'
import { jsonApi } from '@strongroom/http/contract'
import type { z } from 'zod'
import { isAdmin, isOwner } from '../ledger/authority.ts'
import { fieldRefused, notAllowed, tooMany } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { listFullIdentities, listIdentities } from './contract.ts'
import { describeFull, describeTo } from './describe.ts'
import { type Named, namedBy } from './filters.ts'
import { DEEPEST } from './shapes.ts'
import { findIdentities, type Identity, type Listing } from './store.ts'

type Query = z.output<typeof listIdentities.query>
type ListDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'ledger' | 'limits'>

const refusedField = (field: string, error: string) => fieldRefused({ meta: { field, error } })

/** As administrators alone may, they list without a filter; anybody else must know whom they look for. */
export const list = implement<ListDeps>()(listIdentities, async ({ query, proof, ip }, deps) => {
  const key = proof?.keyId
  if (key !== undefined && (await isAdmin(deps.ledger, key))) return listFor(deps, query, '/identities')
  if (await deps.limits.lookups.take(ip)) return tooMany()
  const named = await namedBy(deps.hsm, query)
  if (named.keys.length === 0) return refusedField('filter', 'one of email, address, phone, identifier must be given')
  const hidden = named.byEmail ? 'left-out' : 'shown'
  const page = await readPage(deps, { path: '/identities', query, named, hidden })
  if (page instanceof Refusal) return page
  const data = await Promise.all(page.identities.map((one) => describe(deps, { identity: one, named, key })))
  return reply(200, { data, links: page.links })
})

export const listFull = implement<ListDeps>()(listFullIdentities, async ({ query, proof }, deps) =>
  (await isAdmin(deps.ledger, proof.keyId)) ? listFor(deps, query, '/identities/full') : notAllowed(),
)

async function listFor(deps: ListDeps, query: Query, path: `/${string}`) {
  const page = await readPage(deps, { path, query, named: await namedBy(deps.hsm, query), hidden: 'shown' })
  if (page instanceof Refusal) return page
  const data = await Promise.all(page.identities.map((one) => describeFull(deps.hsm, one)))
  return reply(200, { data, links: page.links })
}

interface Asked {
  readonly path: `/${string}`
  readonly query: Query
  readonly named: Named
  readonly hidden: Listing['hidden']
}

async function readPage(deps: ListDeps, { path, query, named, hidden }: Asked) {
  const { 'page[number]': number, 'page[limit]': limit, 'page[after]': after, ...filters } = query
  const offset = after === undefined ? (number - 1) * limit : 0
  if (offset > DEEPEST) return refusedField('page[number]', 'is too far: follow links.next')
  const found = await findIdentities(deps, {
    keys: named.keys,
    hidden,
    limit: limit + 1,
    offset,
    order: query['page[order]'] ?? 'desc',
    after,
  })
  const identities = found.slice(0, limit)
  const more = found.length > limit
  const links = jsonApi.pageLinks({ path, query: filters, page: { number, limit }, more })
  return { identities, links: withAfter(links, { after, last: identities.at(-1) }) }
}

/** Only where a page ended is the next one found at once, however many came before. */
function withAfter(
  { self, next, ...links }: ReturnType<typeof jsonApi.pageLinks>,
  { after, last }: { readonly after: number | undefined; readonly last: Identity | undefined },
) {
  return {
    ...links,
    self: after === undefined ? self : `${self}&page[after]=${String(after)}`,
    ...(next !== undefined && last && { next: `${next}&page[after]=${String(last.position)}` }),
  }
}

async function describe(
  { hsm, ledger }: ListDeps,
  { identity, named, key }: { readonly identity: Identity; readonly named: Named; readonly key: string | undefined },
) {
  const isOwn = key !== undefined && (await isOwner(ledger, { account: identity.address, key }))
  return isOwn ? describeFull(hsm, identity) : describeTo(identity, named.texts)
}
