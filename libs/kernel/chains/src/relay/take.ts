import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { ChainUnavailable } from '../chain-unavailable.ts'
import { NodeRefused } from '../evm/json-rpc.ts'
import { meaningOf } from '../evm/node-words.ts'
import { hexColumn, weiColumn } from './columns.ts'
import type { Place, Sight } from './place.ts'
import { priceNow } from './price.ts'

const TAKEN_AT_ONCE = 32
const ESTIMATED_AT_ONCE = 8

const queued = z.object({
  id: z.uuid(),
  appId: z.string(),
  kind: z.enum(['deployment', 'request']),
  account: hexColumn,
  target: hexColumn,
  calldata: hexColumn,
  /** Another transaction of the same account is before it. */
  follows: z.boolean(),
})
type Queued = z.output<typeof queued>
type Priced = Queued & { readonly gas: bigint; readonly cost: bigint }

/** Gives nonces to what waits, in its order, as far as there is room, budget and money. Answers whether it gave any. */
export async function takeQueued(place: Place, sight: Sight, room: number): Promise<boolean> {
  if (room <= 0) return false
  const waiting = await readQueued(place, Math.min(room, TAKEN_AT_ONCE))
  if (waiting.length === 0) return false
  const price = priceNow(sight.market)
  if (!price) throw new ChainUnavailable('gas_too_dear', 30)
  const priced: Priced[] = []
  for (let from = 0; from < waiting.length; from += ESTIMATED_AT_ONCE) {
    const some = waiting.slice(from, from + ESTIMATED_AT_ONCE)
    for (const [index, gas] of (await Promise.all(some.map((one) => estimate(place, one)))).entries()) {
      const one = some[index]
      if (one && gas !== undefined) priced.push({ ...one, gas, cost: gas * price.maxFee })
    }
  }
  const payable = await takePayable(place, priced)
  if (payable.length === 0) return false
  return place.database.transaction((tx) => assign(tx, place, { sight, payable }))
}

const readQueued = ({ database, chain }: Place, most: number): Promise<Queued[]> =>
  database.many(
    queued,
    sql`
    select t.id, t.app_id as "appId", t.kind, t.account, t.target, t.calldata,
           exists (select from chains.transactions as o
                    where o.chain = t.chain and o.account = t.account and o.id <> t.id
                      and (o.state in ('taken', 'sent') or o.state = 'queued' and o.queued_at < t.queued_at)) as follows
      from chains.transactions as t
     where t.chain = ${chain.name} and t.state = 'queued' and t.due_at <= strongroom.now()
     order by t.due_at, t.queued_at, t.id limit ${most}`,
  )

/** What it may take, with a quarter to spare. `undefined`: it waits for another, or no chain would do it, and is refused. */
async function estimate(place: Place, one: Queued): Promise<bigint | undefined> {
  const { chain, relayer, database } = place
  const wait = () =>
    postpone(database, one.id, sql`strongroom.now() + make_interval(secs => ${chain.setting.pollSeconds})`)
  // What the account is asked next can be judged only when the one before has come to its end.
  if (one.kind === 'request' && one.follows) return wait()
  try {
    // A call to where nothing stands succeeds, and does nothing.
    const stands = one.kind === 'deployment' || (await chain.node.codeAt(one.target, 'latest')) !== '0x'
    if (stands) {
      const gas = await chain.node.estimate({ from: relayer.address, to: one.target, data: one.calldata })
      return (gas * 5n) / 4n
    }
  } catch (error) {
    if (!(error instanceof NodeRefused)) throw error
    // Some nodes look whether the relayer could pay.
    if (meaningOf(error) === 'funds') throw new ChainUnavailable('relayer_out_of_funds', 30)
  }
  return refuse(database, one.id, 'rejected')
}

async function postpone(statements: Statements, id: string, until: Query): Promise<undefined> {
  await statements.run(sql`update chains.transactions set due_at = ${until} where id = ${id} and state = 'queued'`)
}

async function refuse(statements: Statements, id: string, reason: 'budget' | 'rejected'): Promise<undefined> {
  await statements.run(sql`
    update chains.transactions set state = 'refused', reason = ${reason}, ended_at = strongroom.now()
     where id = ${id} and state = 'queued'`)
}

/** As many as the relayer has money for, beside those that are out. */
async function takePayable(place: Place, priced: readonly Priced[]): Promise<readonly Priced[]> {
  const { node } = place.chain
  const { out } = await place.database.one(
    z.object({ out: weiColumn }),
    sql`select coalesce(sum(charged), 0)::text as out from chains.transactions
         where relayer_id = ${place.relayer.id} and state in ('taken', 'sent')`,
  )
  let left = (await node.balanceOf(place.relayer.address)) - out
  const payable = priced.filter(({ cost }) => {
    if (cost > left) return false
    left -= cost
    return true
  })
  if (payable.length === 0 && priced.length > 0 && out === 0n) throw new ChainUnavailable('relayer_out_of_funds', 30)
  return payable
}

interface Assignment {
  readonly sight: Sight
  readonly payable: readonly Priced[]
}

/** Under the lock of the relayer’s row: a nonce goes to one transaction, and with it the money from the app’s budget. */
async function assign(tx: Statements, { relayer, chain }: Place, { sight, payable }: Assignment): Promise<boolean> {
  const { next, state } = await tx.one(
    z.object({ next: column.count, state: z.string() }),
    sql`select next_nonce as next, state from chains.relayers where id = ${relayer.id} for update`,
  )
  // Replaced since this round began.
  if (state !== 'active') return false
  // Behind the chain is whoever restored an older database.
  let nonce = Math.max(next, sight.count)
  const first = nonce
  for (const one of payable) {
    const still = await tx.run(
      sql`select from chains.transactions where id = ${one.id} and state = 'queued' for update`,
    )
    if (still === 0) continue
    if (await charge(tx, one, { chain: chain.name, budget: chain.setting.gasBudgetWei })) {
      await tx.run(sql`
        update chains.transactions
           set state = 'taken', relayer_id = ${relayer.id}, nonce = ${nonce}, gas_limit = ${String(one.gas)},
               charged = ${String(one.cost)}, charged_day = ${today}, due_at = strongroom.now()
         where id = ${one.id}`)
      nonce++
    } else if (one.kind === 'deployment') await postpone(tx, one.id, tomorrow)
    // What was signed has a deadline, and whoever signed waits for it.
    else await refuse(tx, one.id, 'budget')
  }
  await tx.run(sql`update chains.relayers set next_nonce = ${nonce} where id = ${relayer.id}`)
  return nonce > first
}

const today = sql`(strongroom.now() at time zone 'utc')::date`
const tomorrow = sql`(date_trunc('day', strongroom.now() at time zone 'utc') + interval '1 day') at time zone 'utc'`

async function charge(tx: Statements, one: Priced, { chain, budget }: { chain: string; budget: bigint }) {
  if (one.cost > budget) return false
  const charged = await tx.run(sql`
    insert into chains.spending as s (chain, app_id, day, wei) values (${chain}, ${one.appId}, ${today}, ${String(one.cost)})
    on conflict (chain, app_id, day) do update set wei = s.wei + excluded.wei
     where s.wei + excluded.wei <= ${String(budget)}`)
  return charged === 1
}
