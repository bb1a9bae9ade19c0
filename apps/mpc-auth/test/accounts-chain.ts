import { type AccountChange, chainsFrom, chainsSetting, type Chain } from '@strongroom/chains'
import { fromHex } from '@strongroom/crypto'
import { expect } from 'vitest'
import type { AccountsWorld, DeviceKey, Person } from './accounts-world.ts'
import type { Answered } from './client.ts'

export const soon = { timeout: 60_000, interval: 200 }

/** The chain as the app sees it. */
export function chainOf({ chain }: AccountsWorld): Chain {
  const found = chainsFrom(chainsSetting.parse(JSON.stringify({ local: chain }))).get('local')
  if (!found) throw new Error('the chain is not configured')
  return found
}

export const addition = ({ publicKey }: Pick<DeviceKey, 'publicKey'>): AccountChange => ({
  kind: 'add-signer',
  signer: { publicKey: fromHex(publicKey), scheme: 'p256-sha256', weight: 500 },
})

/** What a device sends to have its account do something: the call, and its signature. */
export async function signedBy(chain: Chain, call: unknown, keys: readonly DeviceKey[]) {
  const decoded = await chain.decode(call)
  if (!decoded) throw new Error('the call is not decoded')
  const signatures = keys.map(({ publicKey, signBytes }) => ({ publicKey, signature: signBytes(decoded.message) }))
  return { chainName: 'local', call, signatures }
}

/** The hash of what was sent, once the chain shows it. */
export async function relayed(person: Person, token: string, answer: Answered): Promise<string> {
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('transaction')])
  const { transaction } = answer.body as { transaction: { id: string } }
  const seen = { txId: '' }
  await expect
    .poll(async () => {
      const found = await person.get(`/sign/v1/evm/transaction/${transaction.id}`, token)
      const { state, txId } = (found.body as { transaction: { state: string; txId: string | null } }).transaction
      seen.txId = txId ?? ''
      return state
    }, soon)
    .toBe('succeeded')
  return seen.txId
}

export interface Begun {
  readonly id: string
  readonly token: string
  readonly call: unknown
}

/** A new device asks to be let in. */
export async function beginTwoFactor(person: Person, { publicKey }: DeviceKey): Promise<Begun> {
  const device = { name: 'a tablet of the tests', osName: 'iOS', pushToken: 'token-of-the-tests' }
  const userKey = { type: 'device', publicKey, device }
  const answer = await person.post('/auth/v1/signin/2fa', { request: person.login, userKey })
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('twoFactorAuth')])
  const { twoFactorAuth, ephemeralAccessToken } = answer.body as {
    twoFactorAuth: { request: { id: string; message: string } }
    ephemeralAccessToken: string
  }
  const { id, message } = twoFactorAuth.request
  return { id, token: ephemeralAccessToken, call: JSON.parse(message) as unknown }
}
