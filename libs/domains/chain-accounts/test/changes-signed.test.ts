import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { beginTwoFactor, relayed, type SignedUp, signUp, soon } from './person.ts'
import { addition, heldIn, removal, signing } from './signing.ts'

let world: AccountsWorld
let {
  describeIt,
  send,
  changes,
  cancel,
  approve,
  registerRecovery,
  secondDevice,
  signersOf,
}: ReturnType<typeof signing> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ describeIt, send, changes, cancel, approve, registerRecovery, secondDevice, signersOf } = signing(world))
})
afterAll(() => world[Symbol.asyncDispose]())

const keysOf = async (token: string) =>
  ((await world.ask('GET', '/key/v1/keys', { token })).body as { keys: { publicKey: string; state: string }[] }).keys
const approveBy = ({ phone, token }: SignedUp, { id, digest }: { id: string; digest: string }) =>
  approve(id, token, { publicKey: phone.publicKey, signature: phone.signText(`approve:${digest}`) })

describe('a key', () => {
  test('that was taken away on the chain opens nothing here any more', { timeout: 240_000 }, async () => {
    const amy = await signUp(world)
    const [thief, third] = [await secondDevice(amy), await secondDevice(amy)]
    const ask = async () => send(amy, await describeIt(amy, removal(thief.phone.publicKey)))
    expect(await approveBy(third, heldIn(await ask()))).toMatchObject({ status: 200 })
    await relayed(world, amy.token, await ask())
    expect(await signersOf(amy)).not.toContain(thief.phone.publicKey)
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await world.ask('GET', '/key/v1/keys', { token: thief.token })).toMatchObject({ status: 401 })
    }, soon)
    expect(await keysOf(third.token)).toHaveLength(3)
  })

  test('that came by two-factor counts here, though nobody said that it did', { timeout: 240_000 }, async () => {
    const ben = await signUp(world)
    const tablet = newDevice()
    const begun = await beginTwoFactor(world, ben.login, tablet)
    await relayed(world, ben.token, await send(ben, begun.call))
    await vi.waitFor(async () => {
      await world.sweep()
      const key = (await keysOf(ben.token)).find(({ publicKey }) => publicKey === tablet.publicKey)
      expect(key).toMatchObject({ state: 'active' })
    }, soon)
  })

  test('that we forgot, and that stands on the chain, is taken away after a hold', { timeout: 240_000 }, async () => {
    const cal = await signUp(world)
    const second = await secondDevice(cal)
    await world.owner.run(sql`
      update chain_accounts.keys set state = 'revoked', stamp = null, revoked_at = strongroom.now()
       where public_key = ${Buffer.from(second.phone.publicKey, 'hex')}`)
    const ask = async () => send(cal, await describeIt(cal, removal(second.phone.publicKey)))
    heldIn(await ask())
    await world.pass('3 days 1 minute')
    await relayed(world, cal.token, await ask())
    expect(await signersOf(cal)).toHaveLength(2)
  })
})

describe('a hold', () => {
  test(
    'of who was told no gives nothing alone, once more; another key’s approval does',
    { timeout: 240_000 },
    async () => {
      const eve = await signUp(world)
      const second = await secondDevice(eve)
      const ask = async () => send(eve, await describeIt(eve, removal(second.phone.publicKey)))
      const { id } = heldIn(await ask())
      expect(await cancel(id, second.token)).toMatchObject({ status: 204 })
      const again = heldIn(await ask())
      await world.pass('3 days 1 minute')
      expect(heldIn(await ask()).id).toBe(again.id)
      expect(await approveBy(second, again)).toMatchObject({ status: 200 })
      await relayed(world, eve.token, await ask())
    },
  )

  test('of who thought better of it is like any other', { timeout: 240_000 }, async () => {
    const fox = await signUp(world)
    const cloud = newDevice()
    await registerRecovery(fox, cloud.publicKey)
    const ask = async () => send(fox, await describeIt(fox, addition(cloud.publicKey)))
    await cancel(heldIn(await ask()).id, fox.token)
    heldIn(await ask())
    await world.pass('3 days 1 minute')
    await relayed(world, fox.token, await ask())
    expect(await signersOf(fox)).toContain(cloud.publicKey)
  })

  test('that was cancelled is not brought back past us, nor is its approval', { timeout: 240_000 }, async () => {
    const gus = await signUp(world)
    const second = await secondDevice(gus)
    const cloud = newDevice()
    await registerRecovery(gus, cloud.publicKey)
    const ask = async () => send(gus, await describeIt(gus, addition(cloud.publicKey)))
    const change = heldIn(await ask())
    await approveBy(second, change)
    expect(await cancel(change.id, second.token)).toMatchObject({ status: 204 })
    for (const state of ['held', 'approved']) {
      await world.owner.run(sql`
        update time_locks.locks set state = 'active', ended_at = null, lapses_at = strongroom.now() + interval '30 days'
         where subject like ${`%${change.id}%`}`)
      await world.owner.run(
        sql`update chain_accounts.signer_changes set state = ${state}, ended_at = null where id = ${change.id}`,
      )
      await world.pass('3 days 1 minute')
      expect(await ask()).toMatchObject({ status: 500 })
    }
  })

  test(
    'is one of ten of one device, however many are asked at once; another device has its own',
    { timeout: 240_000 },
    async () => {
      const hal = await signUp(world)
      // The fourth stays, so that those who stay can agree.
      const [second, third] = [await secondDevice(hal), await secondDevice(hal)]
      await secondDevice(hal)
      const kinds = await Promise.all(
        [hal, second, third].map(({ phone }) => describeIt(hal, removal(phone.publicKey))),
      )
      const orders = [
        [0],
        [1],
        [2],
        [0, 1],
        [1, 0],
        [0, 2],
        [2, 0],
        [1, 2],
        [2, 1],
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
      ]
      const calls = orders.map((order) => {
        const call = structuredClone(kinds[0] as (typeof kinds)[0])
        call.evm.message.calls = order.flatMap((index) => kinds[index]?.evm.message.calls ?? [])
        return call
      })
      const answers = await Promise.all(calls.map((call) => send(hal, call)))
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(10)
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(3)
      const refused = calls[answers.findIndex(({ status }) => status === 429)]
      heldIn(await send(second, refused))
    },
  )
})

describe('what a key said', () => {
  const removing = async () => {
    const of = await signUp(world)
    const [second, third] = [await secondDevice(of), await secondDevice(of)]
    const cloud = newDevice()
    await registerRecovery(of, cloud.publicKey)
    const ask = async (by = of) => send(by, await describeIt(of, addition(cloud.publicKey)), [by.phone])
    return { of, second, third, cloud, ask }
  }
  const revoke = ({ phone }: SignedUp) =>
    world.owner.run(sql`
      update chain_accounts.keys set state = 'revoked', stamp = null, revoked_at = strongroom.now()
       where public_key = ${Buffer.from(phone.publicKey, 'hex')}`)

  test('counts no longer than the key: its approval', { timeout: 240_000 }, async () => {
    const { second, ask } = await removing()
    const change = heldIn(await ask())
    expect(await approveBy(second, change)).toMatchObject({ status: 200 })
    await revoke(second)
    const anew = heldIn(await ask())
    expect(anew.id).not.toBe(change.id)
    expect(heldIn(await ask()).id).toBe(anew.id)
  })

  test('counts no longer than the key: its hold', { timeout: 240_000 }, async () => {
    const { of, second, third, ask } = await removing()
    const change = heldIn(await ask(second))
    await world.pass('3 days 1 minute')
    await revoke(second)
    expect(heldIn(await ask(third)).id).not.toBe(change.id)
    expect((await changes(of.token)).map(({ state }) => state)).toEqual(expect.arrayContaining(['held', 'cancelled']))
  })

  test('is what one of its devices may say twenty times a day', { timeout: 240_000 }, async () => {
    const { of, second, ask } = await removing()
    for (let times = 0; times < 20; times++) {
      const { id } = heldIn(await ask())
      expect(await cancel(id, of.token)).toMatchObject({ status: 204 })
    }
    expect(await ask()).toMatchObject({ error: 'TooManyRequests' })
    heldIn(await ask(second))
    await world.pass('1 day 1 minute')
    heldIn(await ask())
  })

  test('stays in sight while it waits, whatever was asked for since', { timeout: 240_000 }, async () => {
    const { of, ask } = await removing()
    const { id } = heldIn(await ask())
    await world.owner.run(sql`
      insert into chain_accounts.signer_changes
             (id, account_id, chain_name, digest, changes, asked_by, lock_id, opens_at, state, created_at, ended_at)
      select gen_random_uuid(), account_id, chain_name, digest, changes, asked_by, gen_random_uuid(), opens_at, 'cancelled',
             created_at + interval '1 second', strongroom.now()
        from chain_accounts.signer_changes, generate_series(1, 300) where id = ${id}`)
    expect((await changes(of.token))[0]).toMatchObject({ id, state: 'held' })
  })
})

describe('what two-factor consented to', () => {
  test('is nothing once it was denied, or is over, whatever the row says then', { timeout: 240_000 }, async () => {
    const ida = await signUp(world)
    const denied = await beginTwoFactor(world, ida.login, newDevice())
    await world.ask('DELETE', `/device/v1/2fa/${denied.id}`, { token: ida.token })
    const late = await beginTwoFactor(world, ida.login, newDevice())
    await world.pass('4 minutes')
    const revive = (id: string) =>
      world.owner.run(sql`
        update chain_accounts.two_factor_requests
           set state = 'pending', ended_at = null, expires_at = strongroom.now() + interval '1 hour',
               stamp = coalesce(stamp, sha256('any'))
         where id = ${id}`)
    await revive(late.id)
    expect(await send(ida, late.call)).toMatchObject({ status: 500 })
    await world.owner.run(sql`delete from chain_accounts.two_factor_requests where id = ${late.id}`)
    await revive(denied.id)
    expect(await send(ida, denied.call)).toMatchObject({ status: 500 })
  })

  test('is not signed where a deny comes first, however late the signature was', { timeout: 240_000 }, async () => {
    const joe = await signUp(world)
    const begun = await beginTwoFactor(world, joe.login, newDevice())
    const waiting = () =>
      world.database.one(
        z.object({ count: z.int() }),
        sql`select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    const answer = await world.owner.transaction(async (tx) => {
      await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
      await tx.run(sql`
        update chain_accounts.two_factor_requests set state = 'denied', stamp = null where id = ${begun.id}`)
      const sent = send(joe, begun.call)
      await vi.waitFor(async () => expect((await waiting()).count).toBeGreaterThan(0), soon)
      return { sent }
    })
    expect(await answer.sent).toMatchObject({ error: 'InvalidRequest' })
    expect(await signersOf(joe)).toHaveLength(2)
  })
})
