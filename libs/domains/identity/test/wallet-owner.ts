import { randomBytes, randomUUID } from 'node:crypto'
import { expect, vi } from 'vitest'
import type { Answered, IdentityWorld } from './identity-world.ts'
import { type SigningKey, signingKey } from './signing-key.ts'

/** Whoever has a wallet. To the server, ids and keychains are texts: nothing is derived. */
export interface WalletOwner {
  readonly email: string
  readonly walletId: string
  /** Signs for the account. */
  readonly key: SigningKey
  /** Proves the password. */
  readonly password: SigningKey
  readonly account: string
}

export const newEmail = (): string => `ann-${randomUUID()}@example.com`
export const newPhone = (): string => `+380${String(randomBytes(6).readUIntBE(0, 6)).padStart(15, '0').slice(-9)}`

const keychain = (): string =>
  Buffer.from(
    JSON.stringify({ IV: 'aXY=', cipherText: randomBytes(48).toString('base64'), cipherName: 'aes', modeName: 'gcm' }),
  ).toString('base64')

const salt = (): string => randomBytes(16).toString('base64')

export function newOwner(known: Partial<WalletOwner> = {}): WalletOwner {
  const key = known.key ?? signingKey()
  const [walletId, password] = [randomBytes(32).toString('hex'), signingKey()]
  return { email: newEmail(), walletId, password, account: key.id, ...known, key }
}

export const walletBody = ({ email, walletId, key, password, account }: WalletOwner, more: object = {}) => ({
  data: {
    type: 'wallet',
    id: walletId,
    attributes: { account_id: account, email, salt: salt(), keychain_data: keychain(), ...more },
    relationships: {
      kdf: { data: { type: 'kdf', id: 2 } },
      factor: { data: { type: 'password', id: walletId } },
      signers: { data: [{ type: 'signer', id: key.id }] },
    },
  },
  included: [
    {
      type: 'password',
      id: walletId,
      attributes: { account_id: password.id, keychain_data: keychain(), salt: salt() },
    },
    { type: 'signer', id: key.id, attributes: { role_id: 2, weight: 1000, identity: 1 } },
  ],
})

/** Makes the wallet; its account is the one that the answer says. */
export async function signUp(
  world: Pick<IdentityWorld, 'ask'>,
  owner: WalletOwner,
  more: object = {},
): Promise<WalletOwner> {
  const made = await world.ask('POST', '/wallets', { body: walletBody(owner, more) })
  expect([made.status, made.text]).toEqual([201, expect.any(String)])
  return {
    ...owner,
    account: (made.body as { data: { attributes: { account_id: string } } }).data.attributes.account_id,
  }
}

/** Follows the link that the address was mailed for this wallet. */
export async function verify(
  world: Pick<IdentityWorld, 'ask' | 'sentTo'>,
  { email, walletId }: WalletOwner,
): Promise<Answered> {
  const token = await soon(
    () => payloadsTo(world, email).findLast(({ meta }) => meta.wallet_id === walletId)?.meta.token,
  )
  const body = { data: { type: 'wallet_verification', attributes: { token } } }
  return world.ask('PUT', `/wallets/${walletId}/verification`, { body })
}

/** A wallet whose address is verified. */
export async function newUser(world: IdentityWorld, known: Partial<WalletOwner> = {}): Promise<WalletOwner> {
  const owner = await signUp(world, newOwner(known))
  expect((await verify(world, owner)).status).toBe(204)
  return owner
}

interface Payload {
  readonly type: string
  readonly meta: { readonly token: string; readonly wallet_id?: string }
}

const payloadsTo = (world: Pick<IdentityWorld, 'sentTo'>, email: string): readonly Payload[] =>
  world.sentTo(email).flatMap(({ text }) => payloadIn(text) ?? [])

/** The token of the newest invite. */
export const inviteTo = (world: Pick<IdentityWorld, 'sentTo'>, email: string): Promise<string> =>
  soon(() => payloadsTo(world, email).findLast(({ type }) => type === 'invite-verify')?.meta.token)

export function payloadIn(text: string): Payload | undefined {
  const payload = /https:\/\/wallet\.example\.com\/r\/([\w-]+)/.exec(text)?.[1]
  return payload === undefined ? undefined : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Payload)
}

interface Demand {
  readonly token: string
  readonly factor_id: number
  readonly factor_type: string
  readonly wallet_id: string
}

export function demandIn({ status, body, text }: Answered): Demand {
  expect([status, text]).toEqual([403, expect.stringContaining('tfa_required')])
  return (body as { errors: { meta: Demand }[] }).errors[0]?.meta as Demand
}

export const answerTo = (world: Pick<IdentityWorld, 'ask'>, demand: Demand, otp: string): Promise<Answered> =>
  world.ask('PUT', `/wallets/${demand.wallet_id}/factors/${String(demand.factor_id)}/verification`, {
    body: { data: { attributes: { token: demand.token, otp } } },
  })

/** What comes in its time, in hooks too. */
const soon = (find: () => string | undefined): Promise<string> =>
  vi.waitFor(() => find() ?? Promise.reject(new Error('nothing was sent')), { timeout: 30_000, interval: 20 })

/** The code that was sent there, the first unless said. */
export async function codeTo(world: Pick<IdentityWorld, 'sentTo'>, to: string, nth = 1): Promise<string> {
  const codes = () => world.sentTo(to).flatMap(({ text }) => /code is: (\d{6})/.exec(text)?.[1] ?? [])
  return soon(() => codes()[nth - 1])
}
