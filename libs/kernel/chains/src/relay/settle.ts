import { column, sql } from '@strongroom/storage'
import type { Hex } from 'viem'
import { z } from 'zod'
import { NodeRefused } from '../evm/json-rpc.ts'
import type { Receipt } from '../evm/node.ts'
import { hexColumn } from './columns.ts'
import type { Place, Sight } from './place.ts'

const ASKED_AT_ONCE = 16

const sent = z.object({
  id: z.uuid(),
  nonce: column.count,
  hashes: z.array(hexColumn),
  nothings: z.array(z.boolean()),
  /** The oldest version went out long ago. */
  old: z.boolean(),
})
type Sent = z.output<typeof sent>

/** Ends what stands in blocks that are deep enough, and takes up again what stood in blocks that are gone. */
export async function settleMined(place: Place, sight: Sight): Promise<void> {
  await revive(place, sight)
  const { database, relayer, chain } = place
  const mined = await database.many(
    sent,
    sql`
    select t.id, t.nonce, array_agg(s.hash order by s.version desc) as hashes,
           array_agg(s.nothing order by s.version desc) as nothings,
           coalesce(min(s.sent_at) < strongroom.now() - make_interval(secs => ${chain.setting.stuckSeconds}), false) as old
      from chains.transactions as t join chains.sendings as s on s.transaction_id = t.id and s.nonce = t.nonce
     where t.relayer_id = ${relayer.id} and t.state in ('taken', 'sent') and t.nonce < ${sight.count}
     group by t.id order by t.nonce`,
  )
  for (let from = 0; from < mined.length; from += ASKED_AT_ONCE)
    await Promise.all(mined.slice(from, from + ASKED_AT_ONCE).map((one) => settleOne(place, sight, one)))
}

/** The newest block that is as deep as this chain is configured to believe. */
export const deepBlock = (head: bigint, confirmations: number): bigint => head - BigInt(confirmations) + 1n

async function settleOne(place: Place, { head }: Sight, one: Sent): Promise<void> {
  const { node, setting } = place.chain
  const deep = deepBlock(head.number, setting.confirmations)
  for (const [index, hash] of one.hashes.entries()) {
    const receipt = await node.receiptOf(hash)
    if (!receipt) continue
    if (receipt.blockNumber > deep) return
    return end(place, one, { hash, receipt, nothing: one.nothings[index] ?? false })
  }
  // Its nonce went to bytes that we do not know, such as before the database was restored: it never will.
  if (one.old && deep >= 0n && (await node.countOf(place.relayer.address, deep)) > one.nonce)
    await queueAgain(place, one)
}

interface End {
  readonly hash: Hex
  readonly receipt: Receipt
  readonly nothing: boolean
}

async function end({ database }: Place, { id, nonce }: Sent, { hash, receipt, nothing }: End): Promise<void> {
  const state = nothing ? 'refused' : receipt.succeeded ? 'succeeded' : 'failed'
  const [bytes, cost] = [Buffer.from(hash.slice(2), 'hex'), String(receipt.cost)]
  await database.run(sql`
    with was as (
      select id, chain, app_id, charged_day, charged from chains.transactions
       where id = ${id} and nonce = ${nonce} and state in ('taken', 'sent') for update
    ), ended as (
      update chains.transactions as t
         set state = ${state}, reason = ${nothing ? 'rejected' : null}, final_hash = ${bytes}, charged = ${cost},
             ended_at = strongroom.now()
        from was where t.id = was.id
    )
    update chains.spending as s set wei = greatest(0, s.wei + ${cost}::numeric - was.charged)
      from was where s.chain = was.chain and s.app_id = was.app_id and s.day = was.charged_day`)
}

const queueAgain = ({ database }: Place, { id, nonce }: Sent): Promise<number> =>
  database.run(sql`
    with was as (
      select id, chain, app_id, charged_day, charged from chains.transactions
       where id = ${id} and nonce = ${nonce} and state in ('taken', 'sent') for update
    ), queued as (
      update chains.transactions as t
         set state = 'queued', relayer_id = null, nonce = null, gas_limit = null, charged = 0, charged_day = null,
             due_at = strongroom.now()
        from was where t.id = was.id
    )
    update chains.spending as s set wei = greatest(0, s.wei - was.charged)
      from was where s.chain = was.chain and s.app_id = was.app_id and s.day = was.charged_day`)

/** A fork that won may take back more blocks than we wait for: what ended in them is out again, with the same bytes. */
async function revive({ database, relayer, chain }: Place, { count }: Sight): Promise<void> {
  await database.run(sql`
    update chains.transactions
       set state = 'sent', reason = null, final_hash = null, ended_at = null, due_at = strongroom.now()
     where relayer_id = ${relayer.id} and nonce >= ${count} and state in ('succeeded', 'failed', 'refused')`)
  // Bytes of what was queued anew since: nobody waits for them, but their nonces must not stay open.
  const orphans = await database.many(
    z.object({ signed: hexColumn }),
    sql`
    select distinct on (s.nonce) s.signed from chains.sendings as s join chains.transactions as t on t.id = s.transaction_id
     where s.relayer_id = ${relayer.id} and s.nonce >= ${count} and t.nonce is distinct from s.nonce
     order by s.nonce, s.version desc limit 16`,
  )
  for (const { signed } of orphans)
    await chain.node.send(signed).catch((error: unknown) => {
      if (!(error instanceof NodeRefused)) throw error
    })
}
