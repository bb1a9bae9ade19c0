import { fromHex } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { addition, onFlow, payloadOf } from './flow-person.ts'
import { recovering, sentIn } from './flow-recovery.ts'

const minute = { timeout: 240_000 }
let world: AccountsWorld
let flow: ReturnType<typeof onFlow>
let { spend, overHold }: ReturnType<typeof recovering> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  flow = onFlow(world)
  ;({ spend, overHold } = recovering(world))
})
afterAll(() => world[Symbol.asyncDispose]())

const sweep = () => world.sweep().catch(() => undefined)
const isIn = (token: string) => world.ask('GET', '/account/v1/me', { token })
const states = ({ publicKey }: { publicKey: string }) =>
  world.database.many(
    z.object({ state: z.string() }),
    sql`select state from chain_accounts.keys where public_key = ${fromHex(publicKey)}`,
  )

test('a recovery has its turn, whatever others wait, and whatever was written past us', minute, async () => {
  const [eve, ann] = [await flow.signUp('eve'), await overHold('ann')]
  await world.owner.run(sql`
    insert into chain_accounts.recoveries (id, account_id, state, chain_name, transaction_id, times, closes_at, ended_at, looked_at)
    select gen_random_uuid(), ${eve.accountId}, 'done', 'flow-testnet', 'none', 1, strongroom.now(),
           strongroom.now() + interval '1 minute', strongroom.now() - interval '1 year'
      from generate_series(1, 60)`)
  // One key stands there, and is not as we wrote it.
  await world.owner.run(
    sql`update chain_accounts.keys set state = 'pending' where public_key = ${fromHex(eve.phone.publicKey)}`,
  )
  await world.owner.run(sql`
    update chain_accounts.recoveries
       set new_key = (select id from chain_accounts.keys where public_key = ${fromHex(eve.phone.publicKey)})
     where account_id = ${eve.accountId}`)
  await spend(ann.person, 0)
  const sent = sentIn(await ann.send())
  await ann.comesTo('succeeded', sent)
  for (const _ of [1, 2, 3]) await sweep()
  expect(await isIn(ann.newToken)).toMatchObject({ status: 200 })
  await world.owner.run(sql`delete from chain_accounts.recoveries where account_id = ${eve.accountId}`)
})

test('a recovery whose transaction was never seen gives its key’s place back', minute, async () => {
  const { tablet, sendInVain, person } = await overHold('bob')
  await sendInVain()
  await world.pass('7 days')
  await sweep()
  expect(await states(tablet)).toEqual([{ state: 'pending' }])
  await world.pass('2 days')
  await sweep()
  expect(await states(tablet)).toEqual([])
  await world.pass('90 days')
  await sweep()
  const rows = await world.database.many(
    z.object({ id: z.uuid() }),
    sql`select id from chain_accounts.recoveries where account_id = ${person.accountId}`,
  )
  expect(rows).toEqual([])
})

test('a recovery key that no chain was told of is forgotten; one that is asked for waits', minute, async () => {
  const cat = await flow.signUp('cat')
  const [idle, wanted, again] = [newDevice(), newDevice(), newDevice()]
  for (const key of [idle, wanted, again]) await flow.registerRecovery(cat, key)
  const transaction = await flow.changeOf(cat, addition(wanted), cat.phone)
  expect(await flow.cosign(cat.token, payloadOf(transaction))).toMatchObject({ status: 202 })
  await world.pass('23 hours')
  await sweep()
  expect(await states(idle)).toEqual([{ state: 'pending' }])
  // Told of once more, it is kept for another day.
  expect(await flow.registerRecovery(cat, again)).toMatchObject({ status: 200 })
  await world.pass('2 hours')
  await sweep()
  expect([await states(idle), await states(wanted)]).toEqual([[], [{ state: 'pending' }]])
  expect(await states(again)).toEqual([{ state: 'pending' }])
})
