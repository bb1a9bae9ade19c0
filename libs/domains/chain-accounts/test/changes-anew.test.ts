import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type AccountsWorld, accountsWorld, type Answered } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { relayed, signUp, soon } from './person.ts'
import { addition, heldIn, signing } from './signing.ts'

let world: AccountsWorld
let { describeIt, send, changes, cancel, registerRecovery, secondDevice, signersOf }: ReturnType<typeof signing> =
  {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ describeIt, send, changes, cancel, registerRecovery, secondDevice, signersOf } = signing(world))
})
afterAll(() => world[Symbol.asyncDispose]())

/** A change whose hold is over, asked for by one of two devices; it was signed, and nobody paid for it. */
async function cameToNothing() {
  const of = await signUp(world)
  const second = await secondDevice(of)
  const cloud = newDevice()
  await registerRecovery(of, cloud.publicKey)
  const ask = async (seconds?: number) => send(of, await describeIt(of, addition(cloud.publicKey), seconds))
  const change = heldIn(await ask())
  await world.pass('3 days 1 minute')
  await world.owner.run(sql`
    insert into chains.spending (app_id, chain, day, wei)
    select app_id, 'local', (strongroom.now() at time zone 'utc')::date, 1e30 from chain_accounts.accounts where id = ${of.accountId}
    on conflict (app_id, chain, day) do update set wei = excluded.wei`)
  const { transaction } = (await ask()).body as { transaction: { id: string } }
  const seen = () => world.ask('GET', `/sign/v1/evm/transaction/${transaction.id}`, { token: of.token })
  await vi.waitFor(
    async () => expect(await seen()).toMatchObject({ body: { transaction: { state: 'refused' } } }),
    soon,
  )
  await world.owner.run(sql`delete from chains.spending where chain = 'local'`)
  return { of, second, cloud, ask, change }
}

describe('a hold', () => {
  test('is not used up by a transaction that came to nothing', { timeout: 240_000 }, async () => {
    const { of, cloud, ask, change } = await cameToNothing()
    await relayed(world, of.token, await ask())
    expect(await signersOf(of)).toContain(cloud.publicKey)
    expect(await changes(of.token)).toContainEqual(expect.objectContaining({ id: change.id, state: 'signed' }))
    expect(await changes(of.token)).not.toContainEqual(expect.objectContaining({ state: 'held' }))
  })

  test('whose transaction came to nothing is signed anew once at a time', { timeout: 240_000 }, async () => {
    const { of, ask } = await cameToNothing()
    const answers = await Promise.all([ask(60), ask(120), ask(180)])
    expect(answers.map(({ error }) => error ?? '').toSorted()).toEqual(['', 'InvalidRequest', 'InvalidRequest'])
    await relayed(world, of.token, answers.find(({ status }) => status === 200) as Answered)
  })

  test('whose transaction came to nothing is off once a device says so', { timeout: 240_000 }, async () => {
    const { of, ask, change, second } = await cameToNothing()
    expect(await cancel(change.id, second.token)).toMatchObject({ status: 204 })
    expect(await cancel(change.id, second.token)).toMatchObject({ error: 'InvalidRequest' })
    const anew = heldIn(await ask())
    expect(anew.id).not.toBe(change.id)
    // Who was told no waits for another key from then on.
    await world.pass('3 days 1 minute')
    expect(heldIn(await ask()).id).toBe(anew.id)
    expect(await signersOf(of)).toHaveLength(3)
  })

  test('whose transaction came to nothing is signed anew ten times at most', { timeout: 240_000 }, async () => {
    const { ask, change } = await cameToNothing()
    await world.owner.run(sql`
      insert into chain_accounts.relayed (transaction_id, account_id, chain_name, digest, change_id, created_at)
      select gen_random_uuid()::text, account_id, chain_name, digest, change_id, created_at - interval '1 hour'
        from chain_accounts.relayed, generate_series(1, 9) where change_id = ${change.id}`)
    expect(heldIn(await ask()).id).not.toBe(change.id)
  })

  test('that ended is signed anew for nobody who moves its time', { timeout: 240_000 }, async () => {
    const { ask, change } = await cameToNothing()
    await world.pass('6 days 1 minute')
    await world.owner.run(
      sql`update chain_accounts.signer_changes set ended_at = strongroom.now() where id = ${change.id}`,
    )
    expect(await ask()).toMatchObject({ status: 500 })
  })

  test('that was seen on the chain has no stamp by which it would be signed anew', { timeout: 240_000 }, async () => {
    const { of, ask, change } = await cameToNothing()
    await relayed(world, of.token, await ask())
    const settled = () =>
      world.database.maybe(
        z.object({ approval: z.null() }),
        sql`select approval from chain_accounts.signer_changes where id = ${change.id} and settled_at is not null`,
      )
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await settled()).toEqual({ approval: null })
    }, soon)
  })
})
