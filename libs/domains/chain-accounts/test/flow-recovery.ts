import { fromHex } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { expect, vi } from 'vitest'
import type { AccountsWorld, Answered } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { addition, type FlowPerson, type FlowTransaction, onFlow, payloadOf } from './flow-person.ts'
import { soon } from './person.ts'

export type Recovering = FlowPerson & { cloud: Device }

export const sentIn = (answer: Answered) => {
  expect(answer).toMatchObject({ status: 200 })
  return (answer.body as { transaction: { id: string; state: string } }).transaction
}

/** What people do to recover on Flow, in one world. */
export function recovering(world: AccountsWorld) {
  const flow = onFlow(world)

  /** The recovery key signs a challenge, for a new device; the tokens of the request and of the device. */
  async function beginRecovery({ login, cloud }: Recovering, device: Device) {
    const { token } = await flow.begin({ login }, device)
    expect(await world.ask('POST', '/auth/v1/recover', { token })).toMatchObject({ status: 204 })
    const begun = { challengeType: 'recoveryKey', request: login, publicKey: cloud.publicKey }
    const challenge = await world.ask('POST', '/auth/v1/signin/challenge', { body: begun })
    const { challengeData } = challenge.body as { challengeData: string }
    const recoveryKey = { signature: cloud.signText(challengeData), newDeviceKey: device.userKey }
    const answer = await world.ask('POST', '/auth/v1/signin/challenge/respond', {
      body: { challengeType: 'recoveryKey', challengeData, recoveryKey },
    })
    expect(answer).toMatchObject({ status: 200 })
    return { newToken: (answer.body as { credentials: { accessToken: string } }).credentials.accessToken }
  }

  /** The token by which somebody with the login waits, days later. */
  const later = async (of: Recovering, device: Device) => (await flow.begin(of, device)).token

  const sendIt = (token: string, message: string, by: Pick<Device, 'publicKey' | 'sign'>) => {
    const signatures = [{ publicKey: by.publicKey, signature: by.sign(fromHex(message)) }]
    return world.ask('POST', '/auth/v1/recover/transaction', {
      token,
      body: { chainName: 'flow-testnet', message, signatures },
    })
  }
  const list = async (token: string) =>
    ((await world.ask('GET', '/auth/v1/recover', { token })).body as { recoveries: { id: string; state: string }[] })
      .recoveries

  /** Transactions that ran on the chain for an account. */
  const ranFor = ({ address }: FlowPerson) =>
    world.flow.account(address.replace(/^0x/, ''))?.keys.reduce((sum, { sequenceNumber }) => sum + sequenceNumber, 0)

  /** How much of an app’s day is spent. */
  const spend = ({ accountId }: FlowPerson, transactions: number) =>
    world.owner.run(sql`
      insert into chains.flow_spending (chain, app_id, day, transactions)
      select 'flow-testnet', app_id, (strongroom.now() at time zone 'utc')::date, ${transactions}
        from chain_accounts.accounts where id = ${accountId}
      on conflict (chain, app_id, day) do update set transactions = excluded.transactions`)

  /** A recovery whose hold is over, in whose day nothing can be sent; how it is asked for, each time on another block. */
  async function overHold(name: string) {
    const person = await flow.withRecoveryKey(name)
    const tablet = newDevice()
    const { newToken } = await beginRecovery(person, tablet)
    await world.pass('73 hours')
    await spend(person, 100)
    const token = { now: await later(person, tablet) }
    const send = async (more: Partial<FlowTransaction> = {}) => {
      world.flow.advance(1)
      const transaction = { ...(await flow.changeOf(person, addition(tablet), person.cloud)), ...more }
      return sendIt(token.now, payloadOf(transaction), person.cloud)
    }
    const comesTo = (state: string, { id }: { id: string }) =>
      vi.waitFor(async () => {
        expect(await world.flowChain.transaction(world.database, id)).toMatchObject({ state })
      }, soon)
    /** Sent, and refused since the day is spent. */
    const sendInVain = async () => {
      const sent = sentIn(await send())
      await comesTo('refused', sent)
      return sent.id
    }
    const stands = async () => (await flow.signersOf(person)).includes(tablet.publicKey)
    const cancel = async () => {
      const found = (await list(person.token)).at(0)
      return world.ask('DELETE', `/auth/v1/recover/${found?.id ?? ''}`, { token: person.token })
    }
    return { person, tablet, newToken, token, send, sendInVain, comesTo, stands, cancel }
  }

  return { beginRecovery, later, sendIt, list, ranFor, spend, overHold }
}
