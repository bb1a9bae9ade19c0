import type { Keystore } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import type { SettingPolicies } from './policies.ts'
import { findSetting } from './store.ts'
import { openSetting } from './value.ts'

/** The setting that says where links in an account's mails lead. */
export const CLIENT_DOMAIN = 'client_domain'

/** As the list spells it; any other host would have us mail links to whoever asked. */
export const knownDomain = ({ clientDomains }: SettingPolicies, value: unknown): string | undefined =>
  typeof value === 'string' ? clientDomains.find((host) => host === value.toLowerCase()) : undefined

export interface ClientDomainDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: SettingPolicies
}

/** The host that an account has chosen; `undefined` where it has not, or the host is no longer on the list. */
export async function findClientDomain(
  { database, hsm, policies }: ClientDomainDeps,
  accountId: string,
): Promise<string | undefined> {
  const place = { accountId, key: CLIENT_DOMAIN }
  const setting = await findSetting(database, place)
  return setting && knownDomain(policies, await openSetting(hsm, place, setting.envelope))
}

/** The web client that links in an account's mails lead to: its own, where it chose one that an operator still allows. */
export async function clientRouterOf(
  deps: ClientDomainDeps & { readonly clientRouter: URL },
  accountId: string,
): Promise<URL> {
  const host = await findClientDomain(deps, accountId)
  // The port goes with the host: one that is named without has none of the usual client's.
  return host === undefined ? deps.clientRouter : Object.assign(new URL(deps.clientRouter), { port: '', host })
}
