import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { hexColumn, weiColumn } from './columns.ts'
import type { Place } from './place.ts'

const live = z.object({
  id: z.uuid(),
  nonce: column.count,
  target: hexColumn,
  calldata: hexColumn,
  gasLimit: column.count,
  oddAnswers: column.count,
  /** Since the newest version went out: it is time to send it again. */
  due: z.boolean(),
  stuck: z.boolean(),
  /** Of the newest version; none where it was not signed yet. */
  version: column.count.nullable(),
  nothing: z.boolean().nullable(),
  maxFee: weiColumn.nullable(),
  maxTip: weiColumn.nullable(),
  signed: hexColumn.nullable(),
  unsent: z.boolean(),
})
export type LiveTransaction = z.output<typeof live>

/** What has a nonce and no end, in the order of nonces, each with its newest version. */
export const readLive = ({ database, relayer, chain }: Place): Promise<LiveTransaction[]> =>
  database.many(
    live,
    sql`
    select t.id, t.nonce, t.target, t.calldata, t.gas_limit as "gasLimit", t.odd_answers as "oddAnswers",
           t.due_at <= strongroom.now() as due,
           coalesce(s.sent_at < strongroom.now() - make_interval(secs => ${chain.setting.stuckSeconds}), false) as stuck,
           s.version, s.nothing, s.max_fee as "maxFee", s.max_tip as "maxTip", s.signed,
           s.sent_at is null as unsent
      from chains.transactions as t
      left join lateral (select * from chains.sendings as s where s.transaction_id = t.id and s.nonce = t.nonce
                          order by s.version desc limit 1) as s on true
     where t.relayer_id = ${relayer.id} and t.state in ('taken', 'sent')
     order by t.nonce`,
  )

const work = z.object({ any: z.boolean() })

/** Whether there is anything to look after: for so long after an end, too, a block may still be taken back. */
export async function hasWork(statements: Statements, chain: string): Promise<boolean> {
  const { any } = await statements.one(
    work,
    sql`
    select exists (select from chains.transactions
                    where chain = ${chain} and state = 'queued' and due_at <= strongroom.now())
        or exists (select from chains.transactions as t join chains.relayers as r on r.id = t.relayer_id
                    where r.chain = ${chain} and t.state in ('taken', 'sent'))
        or exists (select from chains.transactions
                    where chain = ${chain} and nonce is not null and ended_at > strongroom.now() - interval '10 minutes')
        as any`,
  )
  return any
}
