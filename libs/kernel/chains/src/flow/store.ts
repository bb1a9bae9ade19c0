import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const all = ['select', 'insert', 'update'] as const
const forgotten = [...all, 'delete'] as const
/** Of the tables below; they are in the schema of this library. */
export const flowPrivileges = {
  flow_proposal_keys: all,
  flow_transactions: forgotten,
  flow_attempts: forgotten,
  flow_spending: forgotten,
}

const withId = z.object({ id: z.uuid() })

export interface Queued {
  readonly chain: string
  readonly digest: Uint8Array
  readonly appId: string
}

/** The same plan twice is one deployment; one that was given up is tried anew. */
export const insertDeployment = (tx: Statements, { chain, digest, appId }: Queued, args: readonly string[]) =>
  tx.one(
    withId,
    sql`insert into chains.flow_transactions as t (chain, kind, digest, app_id, arguments)
        values (${chain}, 'deployment', ${digest}, ${appId}, ${JSON.stringify(args)})
        on conflict (chain, digest) do update
           set state = case when t.state = 'failed' then 'queued' else t.state end,
               ended_at = case when t.state = 'failed' then null else t.ended_at end,
               due_at = case when t.state = 'failed' then excluded.due_at else t.due_at end
        returning id`,
  )

export interface RequestRow {
  readonly message: Uint8Array
  /** JSON. */
  readonly signatures: string
}

/** The same message twice is one transaction; one that was refused is tried anew. */
export const insertRequest = (tx: Statements, { chain, digest, appId }: Queued, { message, signatures }: RequestRow) =>
  tx.one(
    withId,
    sql`insert into chains.flow_transactions as t (chain, kind, digest, app_id, message, signatures)
        values (${chain}, 'request', ${digest}, ${appId}, ${message}, ${signatures})
        on conflict (chain, digest) do update
           set signatures = case when t.state = 'refused' then excluded.signatures else t.signatures end,
               state = case when t.state = 'refused' then 'queued' else t.state end,
               ended_at = case when t.state = 'refused' then null else t.ended_at end,
               reason = null,
               due_at = case when t.state = 'refused' then excluded.due_at else t.due_at end
        returning id`,
  )

const transaction = z.object({
  id: z.uuid(),
  chain: z.string(),
  kind: z.enum(['deployment', 'request']),
  app_id: z.string(),
  arguments: z.string().nullable(),
  message: column.bytes.nullable(),
  signatures: z.string().nullable(),
  state: z.enum(['queued', 'succeeded', 'failed', 'refused']),
  reason: z.enum(['budget', 'rejected']).nullable(),
  hash: z.string().nullable(),
  address: z.string().nullable(),
  tries: z.int(),
})
export type TransactionRow = z.output<typeof transaction>

const transactionColumns = sql`id, chain, kind, app_id, arguments, message, signatures, state, reason, hash, address, tries`

export const findTransaction = (statements: Statements, id: string): Promise<TransactionRow | undefined> =>
  statements.maybe(transaction, sql`select ${transactionColumns} from chains.flow_transactions where id = ${id}`)

/** Held until the transaction ends: one attempt is made, whoever comes at the same time. */
export const lockTransaction = (tx: Statements, id: string): Promise<TransactionRow | undefined> =>
  tx.maybe(transaction, sql`select ${transactionColumns} from chains.flow_transactions where id = ${id} for update`)

/** Not before then; and then at the latest, by a sweep, should this process end. */
export const postpone = (statements: Statements, id: string, seconds: number): Promise<number> =>
  statements.run(
    sql`update chains.flow_transactions set due_at = strongroom.now() + make_interval(secs => ${seconds}) where id = ${id}`,
  )

export interface Ending {
  readonly state: 'succeeded' | 'failed' | 'refused'
  readonly reason?: 'budget' | 'rejected'
  readonly address?: string | undefined
}

export const endTransaction = (tx: Statements, id: string, { state, reason, address }: Ending): Promise<number> =>
  tx.run(
    sql`update chains.flow_transactions set state = ${state}, reason = ${reason ?? null}, address = ${address ?? null},
               ended_at = strongroom.now()
         where id = ${id} and state = 'queued'`,
  )

/** False where the app has spent its day. In the transaction of the attempt that it pays for. */
export async function charge(
  tx: Statements,
  { chain, appId, most }: { chain: string; appId: string; most: number },
): Promise<boolean> {
  if (most < 1) return false
  const charged = await tx.run(sql`
    insert into chains.flow_spending as s (chain, app_id, day, transactions)
    values (${chain}, ${appId}, (strongroom.now() at time zone 'UTC')::date, 1)
    on conflict (chain, app_id, day) do update set transactions = s.transactions + 1 where s.transactions < ${most}`)
  return charged === 1
}

/** What is due on a chain: what is under way, and of what waits for a proposal key as many as there are free ones. */
export const dueTransactions = (chain: string, most: number): Query => sql`
    (select t.id from chains.flow_transactions t
      where t.chain = ${chain} and t.state = 'queued' and t.due_at <= strongroom.now()
        and (t.kind = 'request'
             or exists (select from chains.flow_attempts a where a.transaction_id = t.id and a.outcome is null))
      order by t.due_at limit ${most})
    union all
    (${waitingTransactions(
      chain,
      sql`greatest(1, (select count(*) from chains.flow_proposal_keys k
                                                    where k.chain = ${chain} and k.held_by is null))`,
    )})`

/** Deployments that nobody works on, oldest first. */
export const waitingTransactions = (chain: string, most: Query): Query => sql`
    select t.id from chains.flow_transactions t
     where t.chain = ${chain} and t.kind = 'deployment' and t.state = 'queued' and t.due_at <= strongroom.now()
       and not exists (select from chains.flow_attempts a where a.transaction_id = t.id and a.outcome is null)
     order by t.queued_at limit ${most}`
