import { fromHex } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { onFlow } from './flow-person.ts'
import { recovering, sentIn } from './flow-recovery.ts'
import { soon } from './person.ts'

const minute = { timeout: 240_000 }
let world: AccountsWorld
let flow: ReturnType<typeof onFlow>
let { beginRecovery, later, list, spend, overHold }: ReturnType<typeof recovering> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  flow = onFlow(world)
  ;({ beginRecovery, later, list, spend, overHold } = recovering(world))
})
afterAll(() => world[Symbol.asyncDispose]())

describe('a recovery that was signed and came to nothing', () => {
  test('is signed anew, without a second hold, whether it was refused or failed', minute, async () => {
    const { person, newToken, send, sendInVain, comesTo, stands } = await overHold('fay')
    const refused = await sendInVain()
    await spend(person, 0)
    const key = {
      address: person.address.replace(/^0x/, ''),
      keyId: flow.keyIdOf(person, person.cloud),
      sequenceNum: 9,
    }
    const failed = sentIn(await send({ proposalKey: key }))
    expect(failed.id).not.toBe(refused)
    await comesTo('failed', failed)
    expect(await stands()).toBe(false)
    const done = sentIn(await send())
    expect([refused, failed.id]).not.toContain(done.id)
    await comesTo('succeeded', done)
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await world.ask('GET', '/account/v1/me', { token: newToken })).toMatchObject({ status: 200 })
    }, soon)
  })

  test('is signed five times and no more', minute, async () => {
    const { person, send, sendInVain, stands } = await overHold('gil')
    const ids = []
    for (const _ of [1, 2, 3, 4, 5]) ids.push(await sendInVain())
    expect(new Set(ids).size).toBe(5)
    await spend(person, 0)
    expect(sentIn(await send())).toMatchObject({ id: ids.at(-1), state: 'refused' })
    expect(await stands()).toBe(false)
  })

  test('is signed for six days and no longer, whatever the row says', minute, async () => {
    const { person, tablet, token, send, sendInVain, stands } = await overHold('hal')
    const id = await sendInVain()
    await world.pass('6 days 1 minute')
    token.now = await later(person, tablet)
    expect(sentIn(await send())).toMatchObject({ id, state: 'refused' })
    await world.owner.run(sql`
      update chain_accounts.recoveries set anew_until = anew_until + interval '6 days' where transaction_id = ${id}`)
    expect(await send()).toMatchObject({ status: 500 })
    expect(await stands()).toBe(false)
  })

  test('is not signed anew after a device said no, and its key never comes', minute, async () => {
    const { person, send, sendInVain, stands, cancel } = await overHold('ida')
    await sendInVain()
    expect(await cancel()).toMatchObject({ status: 204 })
    await spend(person, 0)
    expect(await send()).toMatchObject({ status: 404 })
    await world.owner.run(sql`
      update chain_accounts.recoveries set state = 'done' where account_id = ${person.accountId}`)
    expect(await send()).toMatchObject({ error: 'InvalidRequest' })
    expect(await stands()).toBe(false)
  })

  test('is not signed anew where another one by its recovery key was cancelled', minute, async () => {
    const { person, send, sendInVain, stands } = await overHold('joe')
    const id = await sendInVain()
    await beginRecovery(person, newDevice())
    expect(await send()).toMatchObject({ status: 202 })
    const [second] = await list(person.token)
    await world.ask('DELETE', `/auth/v1/recover/${second?.id ?? ''}`, { token: person.token })
    await spend(person, 0)
    expect(sentIn(await send())).toMatchObject({ id, state: 'refused' })
    expect(await stands()).toBe(false)
  })

  test('is not signed by two who ask at once', minute, async () => {
    const { person, send, sendInVain, stands } = await overHold('kai')
    await sendInVain()
    await spend(person, 0)
    const waiting = () =>
      world.database.one(
        z.object({ count: z.int() }),
        sql`select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    // All of them are judged before the first is kept.
    const asked = await world.owner.transaction(async (tx) => {
      await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
      await tx.run(sql`
        update chain_accounts.recoveries set looked_at = looked_at where account_id = ${person.accountId}`)
      const answers = Promise.all([send(), send(), send()])
      await vi.waitFor(async () => expect((await waiting()).count).toBeGreaterThan(2), soon)
      return { answers }
    })
    const answers = await asked.answers
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ error }) => error === 'InvalidRequest')).toHaveLength(2)
    await vi.waitFor(async () => expect(await stands()).toBe(true), soon)
  })

  test('is not signed anew where a device said no while it was under way', minute, async () => {
    const { person, send, comesTo, stands, cancel } = await overHold('leo')
    await spend(person, 0)
    world.flow.mine('by hand')
    const key = {
      address: person.address.replace(/^0x/, ''),
      keyId: flow.keyIdOf(person, person.cloud),
      sequenceNum: 9,
    }
    const sent = sentIn(await send({ proposalKey: key }))
    await comesTo('sent', sent)
    expect(sentIn(await send()).id).toBe(sent.id)
    expect(await cancel()).toMatchObject({ status: 204 })
    expect(await cancel()).toMatchObject({ error: 'InvalidRequest' })
    world.flow.mine('at once')
    world.flow.advance(1)
    await comesTo('failed', sent)
    expect(sentIn(await send())).toMatchObject({ id: sent.id, state: 'failed' })
    // Now that it came to nothing its key is let go of as well.
    expect(await cancel()).toMatchObject({ status: 204 })
    expect(await send()).toMatchObject({ status: 404 })
    expect(await stands()).toBe(false)
  })
})

describe('past us', () => {
  test('no row becomes one that was signed', minute, async () => {
    const { person, token, send, sendInVain, stands } = await overHold('mia')
    const id = await sendInVain()
    await spend(person, 0)
    const other = await overHold('ned')
    await spend(person, 0)
    await world.owner.run(sql`
      update chain_accounts.recoveries as r
         set state = 'done', ended_at = strongroom.now(), times = 1, transaction_id = ${id}, signed = s.signed, anew_until = s.anew_until
        from chain_accounts.recoveries as s where s.transaction_id = ${id} and r.account_id = ${other.person.accountId}`)
    expect(await other.send()).toMatchObject({ status: 500 })
    expect(await other.stands()).toBe(false)
    await world.owner.run(sql`
      update chain_accounts.recoveries set new_key = (select id from chain_accounts.keys where public_key = ${fromHex(other.tablet.publicKey)})
       where transaction_id = ${id} and account_id = ${person.accountId}`)
    token.now = await later(person, newDevice())
    expect(await send()).toMatchObject({ error: 'InvalidRequest' })
    expect(await stands()).toBe(false)
  })
})
