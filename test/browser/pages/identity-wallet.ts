import { byPassword, openIdentityApi, type OpenWallet, path, Secret, signIn, signUp } from '@strongroom/identity-client'

export interface Login {
  readonly baseUrl: string
  readonly profile: 'compat' | 'strict'
  readonly email: string
  readonly password: string
}

const apiOf = ({ baseUrl, profile }: Login) => openIdentityApi({ baseUrl, profile })
const keysOf = ({ email, password }: Login) => ({ email, password: new Secret(password) })

let wallet: OpenWallet | undefined

const opened = (): OpenWallet => {
  if (!wallet) throw new Error('no wallet is open')
  return wallet
}

/** `G…` of its account. */
export async function register(login: Login): Promise<string> {
  wallet = await signUp(apiOf(login), keysOf(login))
  return wallet.accountId
}

export async function open(login: Login): Promise<string> {
  wallet = await signIn(apiOf(login), keysOf(login))
  return wallet.accountId
}

/** Signed by the open wallet's key, with a body where there is one. */
export async function keepSetting(login: Login, key: string, value: unknown): Promise<unknown> {
  const [api, by] = [apiOf(login), opened()]
  const base = path`/identities/${by.accountId}/settings`
  await api.ask({ method: 'PUT', path: base, by, body: { data: { attributes: { key, value } } } })
  const { data } = await api.ask({ method: 'GET', path: `${base}/${key}`, by })
  return data[0]?.attributes['value']
}

/** Refused until the password's factor signed what was demanded, then asked for once more: the id of what was made. */
export async function makeTotp(login: Login): Promise<string> {
  const [api, by] = [apiOf(login), opened()]
  const answer = byPassword({ api, password: keysOf(login).password }, by)
  return (await api.withFactor((proven) => proven.factors.createTotp(by), answer)).id
}
