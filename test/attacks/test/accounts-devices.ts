import { beginTwoFactor, chainOf, signedBy } from '@strongroom/mpc-auth/testing/chain'
import {
  type AccountsWorld,
  type DeviceKey,
  newKey,
  type Person,
  signedIn,
} from '@strongroom/mpc-auth/testing/accounts'
import { expect } from 'vitest'
import { waitUntil } from '../src/index.ts'
import { addressIn } from './accounts.ts'

/** Somebody whose account stands, with one device that is signed in. */
export interface Settled {
  readonly person: Person
  readonly phone: DeviceKey
  readonly token: string
  readonly refreshToken: string
  readonly accountId: string
  readonly address: string
}

export async function settle(person: Person, more: object = {}): Promise<Settled> {
  const phone = newKey()
  const opened = await person.signUp(phone, more)
  if (opened.status !== 201) throw new Error(opened.text)
  let answer = opened
  await waitUntil('an account stands', async () => (answer = await person.signIn(phone)).status === 200)
  const settled = signedIn(answer)
  const { accessToken: token, refreshToken } = settled.credentials
  return { person, phone, token, refreshToken, accountId: settled.account.id, address: addressIn(settled) }
}

/** The hash of what was sent, once the chain shows it. */
export async function relayed(
  person: Person,
  token: string,
  { status, body, text }: { readonly status: number; readonly body: unknown; readonly text: string },
): Promise<string> {
  expect([status, text]).toEqual([200, expect.stringContaining('transaction')])
  const { id } = (body as { transaction: { id: string } }).transaction
  let hash: string | undefined
  await waitUntil('what was sent is on the chain', async () => {
    const found = await person.get(`/sign/v1/evm/transaction/${id}`, token)
    const { state, txId } = (found.body as { transaction: { state: string; txId: string } }).transaction
    hash = txId
    return state === 'succeeded'
  })
  return hash ?? ''
}

export interface SecondDevice {
  readonly key: DeviceKey
  readonly token: string
  /** What the first device sent, and its ephemeral token: both used. */
  readonly sent: Awaited<ReturnType<typeof signedBy>>
  readonly requestToken: string
  readonly requestId: string
}

/** A second device, let in by the first. */
export async function addDevice(world: AccountsWorld, { person, phone, token }: Settled): Promise<SecondDevice> {
  const key = newKey()
  const begun = await beginTwoFactor(person, key)
  const sent = await signedBy(chainOf(world), begun.call, [phone])
  const txId = await relayed(person, token, await person.post('/sign/v1/evm/transaction', sent, token))
  expect((await person.post(`/device/v1/2fa/${begun.id}/approve`, { txId }, token)).status).toBe(204)
  const body = { twoFactorAuthRequestId: begun.id }
  const finished = await person.post('/auth/v1/signin/2fa/finish', body, begun.token)
  expect([finished.status, finished.text]).toEqual([200, expect.any(String)])
  const { accessToken } = signedIn(finished).credentials
  return { key, token: accessToken, sent, requestToken: begun.token, requestId: begun.id }
}

export interface HeldChange {
  readonly id: string
  readonly digest: string
}
export const changeIn = ({ body }: { body: unknown }): HeldChange => (body as { change: HeldChange }).change

/** What is told of a key in a cloud. */
export const cloudKey = ({ publicKey }: DeviceKey) => ({
  recoveryKey: { publicKey, cloudKey: { accountName: 'a cloud' } },
})

/** What a device signs to approve a change. */
export const approvalOf = ({ digest }: Pick<HeldChange, 'digest'>): string => `approve:${digest}`
