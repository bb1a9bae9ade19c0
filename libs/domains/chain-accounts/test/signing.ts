import type { AccountChange } from '@strongroom/chains'
import { fromHex, toHex } from '@strongroom/crypto'
import { expect } from 'vitest'
import type { AccountsWorld, Answered } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { beginTwoFactor, relayed, signed, type SignedUp } from './person.ts'

export interface TypedData {
  evm: { message: { calls: { target: string; value: string; data: string }[]; nonce: string; deadline: string } }
}
export interface Held {
  change: { id: string; state: string; digest: string }
}

export const addition = (publicKey: string, weight = 500): AccountChange => ({
  kind: 'add-signer',
  signer: { publicKey: fromHex(publicKey), scheme: 'p256-sha256', weight },
})
export const removal = (publicKey: string): AccountChange => ({ kind: 'remove-signer', publicKey: fromHex(publicKey) })

export const payment = { target: '0x000000000000000000000000000000000000dEaD', value: '1', data: '0x' }

export const heldIn = (answer: Answered) => {
  expect(answer).toMatchObject({ status: 202, body: { change: { state: 'held' } } })
  return (answer.body as Held).change
}

/** What people do with what is to be signed, in one world. */
export function signing(world: AccountsWorld) {
  const describeIt = async (of: SignedUp, change: AccountChange, seconds?: number) =>
    structuredClone((await world.chain.describeChange(of.address, change, seconds)) as TypedData)

  /** Some calls of the account, signed as they are. */
  async function callsOf(of: SignedUp, calls: TypedData['evm']['message']['calls']): Promise<TypedData> {
    const call = await describeIt(of, addition(of.phone.publicKey))
    call.evm.message.calls = calls
    return call
  }

  const post = (token: string, body: unknown) => world.ask('POST', '/sign/v1/evm/transaction', { token, body })
  const send = async (of: SignedUp, call: unknown, by: readonly Device[] = [of.phone]) =>
    post(of.token, await signed(world, call, by))
  const changes = async (token: string) =>
    ((await world.ask('GET', '/sign/v1/changes', { token })).body as { changes: Held['change'][] }).changes
  const cancel = (id: string, token: string) => world.ask('DELETE', `/sign/v1/changes/${id}`, { token })
  const approve = (id: string, token: string, approval: object) =>
    world.ask('POST', `/sign/v1/changes/${id}/approve`, { token, body: { approval } })

  const registerRecovery = (of: SignedUp, publicKey: string) =>
    world.ask('POST', '/key/v1/recovery', {
      token: of.token,
      body: { recoveryKey: { publicKey, cloudKey: { accountName: 'iCloud' } } },
    })

  /** A second device of somebody, whose token and key count. */
  async function secondDevice(of: SignedUp): Promise<SignedUp> {
    const phone = newDevice()
    const begun = await beginTwoFactor(world, of.login, phone)
    const txId = await relayed(world, of.token, await send(of, begun.call))
    await world.ask('POST', `/device/v1/2fa/${begun.id}/approve`, { token: of.token, body: { txId } })
    const body = { twoFactorAuthRequestId: begun.id }
    const finished = await world.ask('POST', '/auth/v1/signin/2fa/finish', { token: begun.token, body })
    expect(finished).toMatchObject({ status: 200 })
    const { accessToken } = (finished.body as { credentials: { accessToken: string } }).credentials
    return { ...of, phone, token: accessToken }
  }

  const signersOf = async ({ address }: SignedUp) =>
    (await world.chain.readAccount(address))?.signers.map(({ publicKey }) => toHex(publicKey)) ?? []
  return { describeIt, callsOf, post, send, changes, cancel, approve, registerRecovery, secondDevice, signersOf }
}
