import { fromHex, toHex } from '@strongroom/crypto'
import {
  type Custody,
  deviceShareId,
  indexedDbStore,
  openApi,
  openCustody,
  Secret,
  type SssApi,
} from '@strongroom/sss-client'

/** Where a device is, and who has signed in on it. */
export interface Where {
  /** With the base path. */
  readonly apiUrl: string
  readonly authToken: string
}

const store = indexedDbStore()

export function open({ apiUrl, authToken }: Where): { api: SssApi; custody: Custody; login: Login } {
  const api = openApi({ baseUrl: apiUrl })
  const login = { authToken: new Secret(authToken), providerType: 'firebase' } as const
  return { api, login, custody: openCustody({ api, store, login: () => Promise.resolve(login) }) }
}

type Login = { readonly authToken: Secret; readonly providerType: 'firebase' }

export const secretOf = (hex: string): Secret => new Secret(fromHex(hex))
export const hexOf = (secret: Secret): string => toHex(secret.expose())

/** Answers the version. */
export const setUp = async (where: Where, seed: string): Promise<number> =>
  (await open(where).custody.setUp(secretOf(seed))).shareVersion

/** What this device and the server together have: the seed in hex, or what is missing. */
export async function logIn(where: Where): Promise<string> {
  const found = await open(where).custody.logIn()
  return found.outcome === 'ready' ? hexOf(found.seed) : found.outcome
}

/** The id by which the server knows it. */
export async function addPasskey(where: Where, seed: string): Promise<string> {
  const owner = { rpId: location.hostname, rpName: 'Strongroom', userName: 'ann' }
  const { credentialId } = await open(where).custody.addRecovery(secretOf(seed), { type: 'passkey', owner })
  return credentialId
}

/** The seed in hex. From then on this device has a share of its own. */
export async function recoverByPasskey(where: Where, credentialId: string): Promise<string> {
  const { custody } = open(where)
  const { seed } = await custody.recover({ by: 'passkey', credentialId, rpId: location.hostname })
  await custody.rotate(seed)
  return hexOf(seed)
}

/** As a script of this page can read it. */
export async function readShareHex(): Promise<string | undefined> {
  const kept = await store.read(deviceShareId())
  return kept && hexOf(kept.share)
}
