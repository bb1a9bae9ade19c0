import { toHex } from '@strongroom/crypto'
import { expect, vi } from 'vitest'
import type { AccountsWorld, Answered } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { beginTwoFactor, loginOf, relayed, signed, type SignedUp, signUp, soon } from './person.ts'
import { addition } from './signing.ts'

export type Recovering = SignedUp & { readonly cloud: Device }

/** What people do to recover on EVM, in one world. */
export function recoveringOnEvm(world: AccountsWorld) {
  /** A key that people keep in their cloud, on the account: three days after it was asked for. */
  async function withRecoveryKey(): Promise<Recovering> {
    const person = await signUp(world)
    const cloud = newDevice()
    const body = { recoveryKey: { publicKey: cloud.publicKey, cloudKey: { accountName: 'iCloud' } } }
    const { token } = person
    expect(await world.ask('POST', '/key/v1/recovery', { token, body })).toMatchObject({ status: 200 })
    const ask = async () => {
      const call = await world.chain.describeChange(person.address, addition(cloud.publicKey))
      return world.ask('POST', '/sign/v1/evm/transaction', { token, body: await signed(world, call, [person.phone]) })
    }
    expect(await ask()).toMatchObject({ status: 202 })
    await world.pass('73 hours')
    await relayed(world, token, await ask())
    await vi.waitFor(async () => {
      await world.sweep()
      const { keys } = (await world.ask('GET', '/key/v1/keys', { token })).body as { keys: object[] }
      expect(keys).toContainEqual(expect.objectContaining({ publicKey: cloud.publicKey, state: 'active' }))
    }, soon)
    return { ...person, cloud }
  }

  const recover = (token: string) => world.ask('POST', '/auth/v1/recover', { token })

  /** The recovery key signs a challenge, for a new device. */
  async function respond({ login }: SignedUp, { key, device }: { key: Device; device: Device }): Promise<Answered> {
    const begun = { challengeType: 'recoveryKey', request: loginOf(login), publicKey: key.publicKey }
    const challenge = await world.ask('POST', '/auth/v1/signin/challenge', { body: begun })
    if (challenge.error !== undefined) return challenge
    const { challengeData } = challenge.body as { challengeData: string }
    const recoveryKey = { signature: key.signText(challengeData), newDeviceKey: device.userKey }
    return world.ask('POST', '/auth/v1/signin/challenge/respond', {
      body: { challengeType: 'recoveryKey', challengeData, recoveryKey },
    })
  }

  /** All that whoever has a person’s cloud can do on the first day; the token of the new device. */
  async function beginRecovery(person: Recovering, device: Device) {
    const { token } = await beginTwoFactor(world, person.login, device)
    expect(await recover(token)).toMatchObject({ status: 204 })
    const answer = await respond(person, { key: person.cloud, device })
    expect(answer).toMatchObject({ status: 200, body: { account: { id: person.accountId } } })
    const { credentials } = answer.body as { credentials: { accessToken: string } }
    return { token, newToken: credentials.accessToken }
  }

  const sendWith = async (token: string, call: unknown, by: Device) =>
    world.ask('POST', '/auth/v1/recover/transaction', { token, body: await signed(world, call, [by]) })
  const list = async (token: string) =>
    ((await world.ask('GET', '/auth/v1/recover', { token })).body as { recoveries: { id: string; state: string }[] })
      .recoveries
  const signersOf = async ({ address }: SignedUp) =>
    (await world.chain.readAccount(address))?.signers.map(({ publicKey }) => toHex(publicKey)) ?? []

  return { withRecoveryKey, recover, respond, beginRecovery, sendWith, list, signersOf }
}
