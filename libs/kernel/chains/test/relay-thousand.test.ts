import { sql } from '@strongroom/storage'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { begin } from './relay-begin.ts'
import { planOf } from './relay-world.ts'

const MANY = 1000
const counted = z.object({ succeeded: z.int(), nonces: z.int(), last: z.int() })

test(
  'a thousand queued at once end as a thousand accounts, a nonce each, within the budget',
  { timeout: 300_000 },
  async () => {
    const begun = await begin({ mining: { everySeconds: 1 } }, { inFlight: 64 })
    const { evm, world, chain, relayer } = begun
    const plans = Array.from({ length: MANY }, planOf)
    // So many at once as wait for a connection for no longer than they may.
    for (let at = 0; at < MANY; at += 50)
      await Promise.all(plans.slice(at, at + 50).map((plan) => world.queue(chain, plan)))
    const worker = world.work([chain])
    onTestFinished(() => worker.stop())
    const count = () =>
      world.database.one(
        counted,
        sql`select count(*) filter (where state = 'succeeded')::int as succeeded, count(distinct nonce)::int as nonces,
                   coalesce(max(nonce), 0)::int as last from chains.transactions`,
      )
    await expect.poll(async () => (await count()).succeeded, { timeout: 240_000, interval: 500 }).toBe(MANY)
    expect(await count()).toEqual({ succeeded: MANY, nonces: MANY, last: MANY - 1 })
    expect(await evm.rpc.countOf(relayer.address, 'latest')).toBe(MANY)
    const stand = await Promise.all(plans.slice(0, 50).map((plan) => begun.stands(chain, chain.addressOf(plan))))
    expect(stand.every(Boolean)).toBe(true)
    const { wei } = await world.database.one(
      z.object({ wei: z.string() }),
      sql`select sum(charged)::text as wei from chains.transactions`,
    )
    expect(await world.spent()).toBe(BigInt(wei))
  },
)
