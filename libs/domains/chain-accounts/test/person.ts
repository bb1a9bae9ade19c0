import { expect, vi } from 'vitest'
import type { AccountsWorld, Answered } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'

/** Patience of tests that wait for a chain or a worker. */
export const soon = { timeout: 60_000, interval: 100 }

export interface SignedUp {
  readonly login: string
  readonly phone: Device
  readonly token: string
  readonly accountId: string
  readonly address: string
}

let people = 0

export const loginOf = (token: string) => ({ method: 'test', token, chainName: 'local' })

/** Somebody whose account stands. */
export async function signUp(world: AccountsWorld, phone: Device = newDevice()): Promise<SignedUp> {
  const login = `ann-${String(++people)}@example.com`
  const body = { ...loginOf(login), userKey: phone.userKey }
  const answer = await world.ask('POST', '/auth/v1/signup', { body })
  expect(answer).toMatchObject({ status: 201 })
  const { account, credentials } = answer.body as {
    account: { id: string; addresses: { address: string }[] }
    credentials: { accessToken: string }
  }
  await vi.waitFor(async () => {
    await world.sweep()
    const begun = { challengeType: 'deviceKey', request: loginOf(login), publicKey: phone.publicKey }
    const challenge = (await world.ask('POST', '/auth/v1/signin/challenge', { body: begun })).body as {
      challengeData: string
    }
    const { challengeData } = challenge
    const signature = phone.signText(challengeData)
    const respond = { challengeType: 'deviceKey', challengeData, deviceKey: { signature } }
    expect(await world.ask('POST', '/auth/v1/signin/challenge/respond', { body: respond })).toMatchObject({
      status: 200,
    })
  }, soon)
  const address = account.addresses[0]?.address ?? ''
  return { login, phone, token: credentials.accessToken, accountId: account.id, address }
}

/** What a chain gives an app to sign, and what a device signs of it. */
export async function signed(world: AccountsWorld, call: unknown, by: readonly Device[]): Promise<object> {
  const decoded = await world.chain.decode(call)
  if (!decoded) throw new Error('the call is not decoded')
  const signatures = by.map(({ publicKey, sign }) => ({ publicKey, signature: sign(decoded.message) }))
  return { chainName: 'local', call, signatures }
}

export interface Begun {
  readonly id: string
  readonly token: string
  readonly call: unknown
}

/** A new device asks to be let in. */
export async function beginTwoFactor(
  world: AccountsWorld,
  login: string,
  device: Device,
): Promise<Begun & { answer: Answered }> {
  const body = { request: loginOf(login), userKey: device.userKey }
  const answer = await world.ask('POST', '/auth/v1/signin/2fa', { body })
  const read = answer.body as {
    twoFactorAuth?: { request: { id: string; message: string } }
    ephemeralAccessToken?: string
  }
  const { id = '', message = 'null' } = read.twoFactorAuth?.request ?? {}
  return { answer, id, token: read.ephemeralAccessToken ?? '', call: JSON.parse(message) as unknown }
}

/** Waits until what was sent is on the chain; its hash. */
export async function relayed(world: AccountsWorld, token: string, answer: Answered): Promise<string> {
  expect(answer).toMatchObject({ status: 200 })
  const { transaction } = answer.body as { transaction: { id: string } }
  return vi.waitFor(async () => {
    const seen = await world.ask('GET', `/sign/v1/evm/transaction/${transaction.id}`, { token })
    const { state, txId } = (seen.body as { transaction: { state: string; txId: string | null } }).transaction
    expect(state).toBe('succeeded')
    return txId ?? ''
  }, soon)
}
