import { sql } from '@strongroom/storage'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { retentionWork } from '../src/retention.ts'
import { begin, byHand } from './relay-begin.ts'

const DAY = 86_400

async function settled() {
  const begun = await begin(byHand)
  const { world, chain, pass } = begun
  const ids = [await world.queue(chain), await world.queue(chain)] as [string, string]
  await world.look(chain)
  await pass()
  const asked = (some: readonly string[]) => sql`select unnest(${some}::text[])`
  const forget = async (referenced: readonly string[] = []) => {
    const references = [asked(referenced), sql`select 'of a table of somebody else' where false`]
    const { sweeps, deps } = retentionWork({ database: world.database, keptSeconds: 90 * DAY, references })
    for (const one of sweeps) await one.run(deps, new AbortController().signal)
  }
  const rows = async () => {
    const { all } = await world.database.one(
      z.object({ all: z.array(z.int()) }),
      sql`select array[(select count(*) from chains.transactions), (select count(*) from chains.sendings),
                       (select count(*) from chains.spending)]::int[] as all`,
    )
    return all
  }
  return { ...begun, ids, forget, rows }
}

test('what ended ninety days ago is forgotten with the bytes that were sent for it, and not a day sooner', async () => {
  const { world, chain, states, forget, rows, pass } = await settled()
  await world.pass('89 days')
  await forget()
  expect(await rows()).toEqual([2, 2, 1])
  await world.pass('4 days')
  const young = await world.queue(chain)
  await world.look(chain)
  await pass()
  await forget()
  expect(await states([young])).toEqual(['succeeded'])
  expect(await rows()).toEqual([1, 1, 1])
  // Its nonces are not given again.
  expect((await world.read(young)).nonce).toBe(2)
})

test('what somebody refers to stays, and what has not ended', async () => {
  const { world, chain, ids, forget, rows, states } = await settled()
  const [queued, sent] = [await world.queue(chain), await world.queue(chain)]
  await world.look(chain)
  await world.owner.run(sql`update chains.transactions set state = 'queued', nonce = null, relayer_id = null
                             where id = ${queued}`)
  await world.pass('1000 days')
  await forget([ids[0]])
  expect(await states([ids[0], queued, sent])).toEqual(['succeeded', 'queued', 'sent'])
  expect(await rows()).toEqual([3, 3, 0])
  await forget()
  expect(await rows()).toEqual([2, 2, 0])
})

test('a plan that was forgotten is deployed by nobody twice: its account is found where it stands', async () => {
  const { world, chain, forget, pass, stands, states } = await settled()
  const { planOf } = await import('./relay-world.ts')
  const plan = planOf()
  const first = await world.queue(chain, plan)
  await world.look(chain)
  await pass()
  await world.pass('91 days')
  await forget()
  const again = await world.queue(chain, plan)
  expect(again).not.toBe(first)
  await world.look(chain)
  await pass()
  expect(await states([again])).toEqual(['succeeded'])
  expect(await stands(chain, chain.addressOf(plan))).toBe(true)
})

test('transactions on Flow and their attempts go the same way', async () => {
  const { world, forget } = await settled()
  const { id } = await world.owner.one(
    z.object({ id: z.uuid() }),
    sql`insert into chains.flow_transactions (chain, kind, digest, app_id, arguments, state, ended_at)
        values ('flow-testnet', 'deployment', sha256('one'), 'app-1', '[]', 'succeeded', strongroom.now()),
               ('flow-testnet', 'deployment', sha256('two'), 'app-1', '[]', 'queued', null)
        returning id`,
  )
  await world.owner.run(sql`
    insert into chains.flow_attempts (transaction_id, number, proposer, key_index, sequence_number, reference_block,
                                      reference_height, payload_signatures, body, hash, outcome)
    select id, 1, 'f8d6e0586b0a20c7', 0, 0, 'block', 1, '[]', 'body', digest::text, 'succeeded' from chains.flow_transactions`)
  const left = () =>
    world.database.many(
      z.object({ state: z.string() }),
      sql`
      select t.state from chains.flow_transactions as t join chains.flow_attempts as a on a.transaction_id = t.id
       order by t.state`,
    )
  await world.pass('91 days')
  await forget([id])
  expect(await left()).toHaveLength(2)
  await forget()
  expect(await left()).toEqual([{ state: 'queued' }])
})
