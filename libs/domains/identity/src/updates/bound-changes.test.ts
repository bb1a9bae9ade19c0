import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  asking,
  changing,
  elsewhere,
  type Holder,
  moving,
  newHolder,
  passing,
  recover,
  restoring,
} from '../../test/changing.ts'
import { type IdentityWorld, identityWorld, ledgerBut } from '../../test/identity-world.ts'
import { answerTo, demandIn, verify, type WalletOwner } from '../../test/wallet-owner.ts'
import { LedgerUnavailable } from '../ledger/ledger.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const opens = async ({ walletId }: WalletOwner) => (await world.ask('GET', `/wallets/${walletId}`)).status
const keysOf = async ({ account }: WalletOwner) => (await world.ledger.signersOf(account))?.map(({ key }) => key)
const change = async (owner: Holder) => {
  const { next, call } = await changing(owner, 'the same key')
  return { next, answer: (await passing(world, call, { password: owner.password })).answer }
}
const phoneOf = ({ account, key }: WalletOwner, phone: string) => ({
  method: 'PUT',
  target: `/identities/${account}/settings/phone`,
  by: key,
  body: { data: { attributes: { phone } } },
})
const isWaiting = async () => (await world.sql.run(sql`select from identity.changes`)) > 0

/** Whoever can write the tables keeps what is asked of the ledger while it is away, and puts it back when it has ended. */
async function keeping(ask: () => Promise<unknown>): Promise<() => Promise<void>> {
  const away = () => Promise.reject(new LedgerUnavailable())
  world.serveWith({ ledger: ledgerBut(world.ledger, { submit: away, beginKycRecovery: away }) })
  await ask().catch(() => undefined)
  world.serveWith(world.deps)
  await world.sql.run(sql`create table kept as select * from identity.changes`)
  await sweep()
  return async () => {
    await world.sql.run(sql`insert into identity.changes select * from kept`)
    await world.sql.run(sql`drop table kept`)
    await sweep()
  }
}

async function sweep(): Promise<void> {
  await world.sql.run(sql`update identity.changes set tried_at = strongroom.now() - interval '2 minutes'`)
  await world.sweep('identity.finish-changes').catch(() => undefined)
}

describe('a change that is put back after it ended', () => {
  test('is not made of a wallet that has another password by now', async () => {
    const owner = await newHolder(world)
    let first: Holder | undefined
    const replay = await keeping(async () => {
      // What is signed with a key that is gone would be dropped for that.
      const { next, call } = await changing(owner, 'the same key')
      first = next
      await passing(world, call, { password: owner.password })
    })
    if (!first) throw new Error('nothing was asked')
    expect(await opens(first)).toBe(200)
    const { next } = await change(first)
    const keys = await keysOf(owner)
    await replay()
    expect([await opens(first), await opens(next), await isWaiting()]).toEqual([404, 200, false])
    expect(await keysOf(owner)).toEqual(keys)
  })

  test('lets no key in that the owner had taken out, though the wallet has its old id again', async () => {
    const owner = await newHolder(world)
    const replay = await keeping(() => recover(world, owner))
    expect(await opens(owner)).toBe(404)
    expect((await asking(world, restoring(owner))).status).toBe(200)
    await replay()
    expect([await opens(owner), await keysOf(owner), await isWaiting()]).toEqual([200, [owner.key.id], false])
  })
})

describe('a change', () => {
  test('that lost its race is not written down: a factor was made after the wallet was read', async () => {
    const owner = await newHolder(world)
    const { next, call } = await changing(owner)
    let isOver = false
    const ledger = ledgerBut(world.ledger, {
      async info() {
        world.serveWith(world.deps)
        await passing(world, phoneOf(owner, '+380501112233'), { phone: '+380501112233' })
        isOver = true
        return world.ledger.info()
      },
    })
    const demand = demandIn(await asking(world, call))
    expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
    world.serveWith({ ledger })
    expect([(await asking(world, call)).status, isOver, await opens(next)]).toEqual([409, true, 404])
  })

  test('that the ledger may have accepted waits for no other: the wallet moves to no address meanwhile', async () => {
    const owner = await newHolder(world)
    const away = elsewhere(owner)
    expect((await passing(world, moving(owner, away), { password: owner.password })).answer.status).toBe(204)
    const { next, call } = await changing(owner)
    world.serveWith({ ledger: ledgerBut(world.ledger, { submit: () => Promise.reject(new LedgerUnavailable()) }) })
    expect((await passing(world, call, { password: owner.password })).answer.status).toBe(503)
    expect((await verify(world, away)).status).toBe(409)
    world.serveWith(world.deps)
    await sweep()
    expect([await opens(next), await opens(away), await keysOf(owner)]).toEqual([200, 404, [next.key.id]])
  })

  test('that the ledger was asked for is made, though a factor changed meanwhile', async () => {
    const owner = await newHolder(world)
    const { next, call } = await changing(owner)
    const ledger = ledgerBut(world.ledger, { submit: () => Promise.reject(new LedgerUnavailable()) })
    world.serveWith({ ledger })
    expect((await passing(world, call, { password: owner.password })).answer.status).toBe(503)
    world.serveWith(world.deps)
    await passing(world, phoneOf(owner, '+380501112244'), { phone: '+380501112244' })
    await sweep()
    expect([await opens(next), await keysOf(owner)]).toEqual([200, [next.key.id]])
  })
})
