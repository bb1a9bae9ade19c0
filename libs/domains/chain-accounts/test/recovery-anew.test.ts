import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld, type Answered } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { recoveringOnEvm } from './evm-recovery.ts'
import { beginTwoFactor, soon } from './person.ts'
import { addition, removal } from './signing.ts'

let world: AccountsWorld
let { withRecoveryKey, beginRecovery, sendWith, list, signersOf }: ReturnType<typeof recoveringOnEvm> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ withRecoveryKey, beginRecovery, sendWith, list, signersOf } = recoveringOnEvm(world))
})
afterAll(() => world[Symbol.asyncDispose]())

const sentIn = (answer: Answered) => {
  expect(answer).toMatchObject({ status: 200 })
  return (answer.body as { transaction: { id: string; state: string } }).transaction
}
const spend = (wei: string) =>
  world.owner.run(sql`
    insert into chains.spending (app_id, chain, day, wei)
    select id, 'local', (strongroom.now() at time zone 'utc')::date, ${wei}::numeric from chain_accounts.apps
    on conflict (app_id, chain, day) do update set wei = excluded.wei`)

/** Signed once its hold was over, in a day in which nothing can be sent. */
async function sentInVain() {
  const person = await withRecoveryKey()
  const tablet = newDevice()
  const { newToken } = await beginRecovery(person, tablet)
  await world.pass('73 hours')
  await spend('1e30')
  const { token } = await beginTwoFactor(world, person.login, newDevice())
  const send = async (change = addition(tablet.publicKey)) =>
    sendWith(token, await world.chain.describeChange(person.address, change), person.cloud)
  const { id } = sentIn(await send())
  await vi.waitFor(async () => {
    expect(await world.chain.transaction(world.database, id)).toMatchObject({ state: 'refused' })
  }, soon)
  await spend('0')
  const stands = async () => (await signersOf(person)).includes(tablet.publicKey)
  return { person, newToken, send, stands }
}

test('what came to nothing is signed anew, for the same key and nothing else', { timeout: 240_000 }, async () => {
  const { person, newToken, send, stands } = await sentInVain()
  for (const change of [addition(newDevice().publicKey), removal(person.phone.publicKey)])
    expect(await send(change)).toMatchObject({ status: 403 })
  sentIn(await send())
  await vi.waitFor(async () => expect(await stands()).toBe(true), soon)
  await vi.waitFor(async () => {
    await world.sweep()
    expect(await world.ask('GET', '/account/v1/me', { token: newToken })).toMatchObject({ status: 200 })
  }, soon)
  // Seen on the chain, it is over: neither it nor what was sent first is answered any more.
  expect(await send(removal(person.phone.publicKey))).toMatchObject({ status: 404 })
  expect(await list(person.token)).toMatchObject([{ state: 'done' }])
})

test('what a device said no to since is not', { timeout: 240_000 }, async () => {
  const { person, send, stands } = await sentInVain()
  const [recovery] = await list(person.token)
  const cancel = () => world.ask('DELETE', `/auth/v1/recover/${recovery?.id ?? ''}`, { token: person.token })
  expect(await cancel()).toMatchObject({ status: 204 })
  expect(await send()).toMatchObject({ status: 404 })
  expect(await stands()).toBe(false)
})
