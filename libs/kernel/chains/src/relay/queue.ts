import { enqueue, job } from '@strongroom/jobs'
import { sql, type Statements } from '@strongroom/storage'
import { type Hex, hexToBytes } from 'viem'
import { z } from 'zod'
import type { ChainName, TransactionState } from '../chain.ts'
import { hexColumn } from './columns.ts'

/** A wake-up: what is to be done stands in the rows. */
export const sendJob = job({ name: 'chains.send', payload: z.object({ transactionId: z.uuid() }) })

export interface Wanted {
  readonly chain: ChainName
  readonly appId: string
  readonly kind: 'deployment' | 'request'
  /** 32 bytes: two with the same are one. */
  readonly digest: Uint8Array
  readonly account: Hex
  readonly target: Hex
  readonly calldata: Hex
}

const identified = z.object({ id: z.uuid() })

/** Keeps a transaction, and enqueues its sending, in the caller’s transaction. One that came to nothing is tried anew. */
export async function queueTransaction(tx: Statements, wanted: Wanted): Promise<string> {
  const { chain, appId, kind, digest } = wanted
  const [account, target, calldata] = [wanted.account, wanted.target, wanted.calldata].map((hex) => hexToBytes(hex))
  const queued = await tx.maybe(
    identified,
    sql`
    insert into chains.transactions as t (chain, app_id, kind, digest, account, target, calldata)
    values (${chain}, ${appId}, ${kind}, ${digest}, ${account}, ${target}, ${calldata})
    on conflict (chain, kind, digest) do update
       set app_id = excluded.app_id, calldata = excluded.calldata, state = 'queued', reason = null, relayer_id = null,
           nonce = null, gas_limit = null, odd_answers = 0, charged = 0, charged_day = null, final_hash = null,
           due_at = excluded.due_at, queued_at = excluded.queued_at, ended_at = null
     where t.state in ('failed', 'refused')
    returning id`,
  )
  const { id } =
    queued ??
    (await tx.one(
      identified,
      sql`select id from chains.transactions where chain = ${chain} and kind = ${kind} and digest = ${digest}`,
    ))
  if (queued) await enqueue(tx, sendJob, { transactionId: id })
  return id
}

const standing = z.object({
  state: z.enum(['queued', 'taken', 'sent', 'succeeded', 'failed', 'refused']),
  reason: z.enum(['budget', 'rejected']).nullable(),
  hash: hexColumn.nullable(),
})

/** The state of one that was queued for this chain. */
export async function stateOf(
  statements: Statements,
  chain: ChainName,
  id: string,
): Promise<TransactionState | undefined> {
  const found = await statements.maybe(
    standing,
    sql`
    select t.state, t.reason,
           coalesce(t.final_hash, (select s.hash from chains.sendings as s
                                    where s.transaction_id = t.id and s.nonce = t.nonce
                                    order by s.version desc limit 1)) as hash
      from chains.transactions as t where t.id = ${id} and t.chain = ${chain}`,
  )
  if (!found) return undefined
  const { state, reason, hash } = found
  if (state === 'refused') return { state, reason: reason ?? 'rejected' }
  if (state === 'queued' || state === 'taken' || hash === null) return { state: 'queued' }
  return { state, hash }
}

/** Where a deployment stands, once it does at as many confirmations as are asked. */
export async function findDeployed(statements: Statements, chain: ChainName, id: string): Promise<Hex | undefined> {
  const found = await statements.maybe(
    z.object({ account: hexColumn }),
    sql`select account from chains.transactions
         where id = ${id} and chain = ${chain} and kind = 'deployment' and state = 'succeeded'`,
  )
  return found?.account
}
