import { implement, type Refusal, reply } from '@strongroom/http'
import { jsonApi } from '@strongroom/http/contract'
import { isAdmin, isOwner } from '../ledger/authority.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { notAllowed, wrongField } from '../wallets/contract.ts'
import { CLIENT_DOMAIN, type ClientDomainDeps, knownDomain } from './client-domain.ts'
import { getSetting, listSettings, putSetting, tooManySettings } from './contract.ts'
import { deleteSetting, findSetting, findSettings, noteClientDomain, type SettingPlace, writeSetting } from './store.ts'
import { openSetting, sealSetting } from './value.ts'

export interface SettingDeps extends ClientDomainDeps {
  readonly ledger: Ledger
}

/** A key that recovery let in reads none: they are the owner's own. */
const mayRead = async ({ ledger }: SettingDeps, account: string, key: string): Promise<boolean> =>
  (await isOwner(ledger, { account, key })) || isAdmin(ledger, key)

const describe = ({ accountId, key }: SettingPlace, value: unknown) => ({
  id: `${accountId}:${key}`,
  type: 'identity_settings' as const,
  attributes: { key, value },
  relationships: { identity: { data: { id: accountId, type: 'identity' as const } } },
})

export const list = implement<SettingDeps>()(listSettings, async ({ params, query, proof }, deps) => {
  const accountId = params.address
  if (!(await mayRead(deps, accountId, proof.keyId))) return notAllowed()
  const page = { number: query['page[number]'], limit: query['page[limit]'] }
  const order = query['page[order]']
  const window = { limit: page.limit + 1, offset: (page.number - 1) * page.limit, order: order ?? 'asc' }
  const found = await findSettings(deps.database, accountId, window)
  const data = []
  for (const { key, envelope } of found.slice(0, page.limit)) {
    const place = { accountId, key }
    data.push(describe(place, await openSetting(deps.hsm, place, envelope)))
  }
  const path = `/identities/${accountId}/settings` as const
  return reply(200, {
    data,
    links: jsonApi.pageLinks({ path, query: { 'page[order]': order }, page, more: found.length > page.limit }),
  })
})

export const get = implement<SettingDeps>()(getSetting, async ({ params, proof }, deps) => {
  const place = { accountId: params.address, key: params.key }
  // Read at once, opened when the reader is known.
  const [allowed, found] = await Promise.all([
    mayRead(deps, place.accountId, proof.keyId),
    findSetting(deps.database.reading, place),
  ])
  if (!allowed) return notAllowed()
  const value = found ? await openSetting(deps.hsm, place, found.envelope) : null
  return reply(200, { data: describe(place, value) })
})

export const put = implement<SettingDeps>()(putSetting, async ({ params, proof, body }, deps) => {
  const { ledger, policies } = deps
  const { key, value } = body.data.attributes
  const place = { accountId: params.address, key }
  if (!(await isOwner(ledger, { account: place.accountId, key: proof.keyId }))) return notAllowed()
  if (key === CLIENT_DOMAIN && value !== null && !knownDomain(policies, value))
    return wrongField('/data/attributes/value', 'is no host that this service knows')
  const refused = await write(deps, { ...place, value, by: proof.keyId })
  return refused ?? reply(200, { data: describe(place, value) })
})

type Full = Refusal<'too-many-settings'>

/** Who clears a setting has room for another. */
async function write(
  { database, hsm, policies }: SettingDeps,
  { value, by, ...place }: SettingPlace & { value: unknown; by: string },
): Promise<Full | undefined> {
  const envelope = value === null ? undefined : await sealSetting(hsm, place, value)
  return database.transaction(async (tx): Promise<Full | undefined> => {
    if (place.key === CLIENT_DOMAIN) await noteClientDomain(tx, place.accountId, by)
    if (!envelope) await deleteSetting(tx, place)
    const isFull = envelope && !(await writeSetting(tx, { ...place, envelope }, policies.settingsPerAccount))
    return isFull ? tooManySettings({ detail: 'The account has as many settings as it may' }) : undefined
  })
}
