import { appendEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { ChainName } from '../shapes.ts'
import { accountActivated, deploymentAsked, foreignAccountFound } from './events.ts'
import { Plan } from './signers.ts'

export const addressRow = z.object({
  accountId: z.uuid(),
  chainName: ChainName,
  address: z.string().nullable(),
  plan: Plan,
  stamp: column.bytes,
  transactionId: z.string(),
  /** What brought it there; null before it stands, and where that was not kept. */
  transactionHash: z.string().nullable(),
  state: z.enum(['pending', 'active', 'foreign']),
})
export type AddressRow = z.output<typeof addressRow>

const columns = sql`d.account_id as "accountId", d.chain_name as "chainName", d.address, d.plan, d.stamp,
  d.transaction_id as "transactionId", d.transaction_hash as "transactionHash", d.state`

/** Oldest first. */
export const findAddresses = (statements: Statements, accountId: string): Promise<readonly AddressRow[]> =>
  statements.many(
    addressRow,
    sql`select ${columns} from chain_accounts.addresses as d where d.account_id = ${accountId}
         order by d.created_at, d.chain_name`,
  )

export type NewAddress = Pick<AddressRow, 'accountId' | 'chainName' | 'address' | 'plan' | 'stamp' | 'transactionId'>

/** False where the account has an address there, or is about to. */
export const insertAddress = async (tx: Statements, row: NewAddress): Promise<boolean> =>
  (await tx.run(sql`
    with added as (
      insert into chain_accounts.addresses (account_id, chain_name, address, plan, stamp, transaction_id)
      values (${row.accountId}, ${row.chainName}, ${row.address}, ${JSON.stringify(row.plan)}::jsonb, ${row.stamp},
              ${row.transactionId})
      on conflict do nothing returning account_id, chain_name
    )
    ${toldOf(deploymentAsked, sql`added`)}`)) === 1

const pendingRow = addressRow.extend({ appId: z.uuid() })
export type PendingAddress = z.output<typeof pendingRow>

/** Those that nobody looked at for longest. */
export const findPending = (
  statements: Statements,
  { chains, limit }: { chains: readonly string[]; limit: number },
): Promise<readonly PendingAddress[]> =>
  statements.many(
    pendingRow,
    sql`select ${columns}, a.app_id as "appId" from chain_accounts.addresses as d
          join chain_accounts.accounts as a on a.id = d.account_id
         where d.state = 'pending' and d.chain_name = any(${chains}) order by d.looked_at limit ${limit}`,
  )

export const touchAddress = (
  statements: Statements,
  { accountId, chainName }: Pick<AddressRow, 'accountId' | 'chainName'>,
): Promise<number> =>
  statements.run(sql`
    update chain_accounts.addresses set looked_at = strongroom.now()
     where account_id = ${accountId} and chain_name = ${chainName}`)

const RETRIED_AFTER = '1 minute'

/** True once a minute: whoever gets it asks for the deployment again. */
export const takeRetry = async (
  tx: Statements,
  { accountId, chainName }: Pick<AddressRow, 'accountId' | 'chainName'>,
): Promise<boolean> =>
  (await tx.run(sql`
    update chain_accounts.addresses set queued_at = strongroom.now(), looked_at = strongroom.now()
     where account_id = ${accountId} and chain_name = ${chainName} and state = 'pending'
       and queued_at < strongroom.now() - ${RETRIED_AFTER}::interval`)) === 1

export interface Verdict extends Pick<AddressRow, 'accountId' | 'chainName' | 'stamp'> {
  readonly address: string
  readonly transactionHash: string | null
  readonly state: 'active' | 'foreign'
}

/** What was seen at the address; false where it was told before. */
export async function settleAddress(tx: Statements, verdict: Verdict): Promise<boolean> {
  const { accountId, chainName, address, stamp, state, transactionHash } = verdict
  const kind = state === 'active' ? accountActivated : foreignAccountFound
  return (
    (await tx.run(sql`
      with settled as (
        update chain_accounts.addresses
           set state = ${state}, address = ${address}, stamp = ${stamp}, looked_at = strongroom.now(),
               transaction_hash = ${transactionHash},
               activated_at = case when ${state}::text = 'active' then strongroom.now() end
         where account_id = ${accountId} and chain_name = ${chainName} and state = 'pending'
        returning account_id, chain_name
      )
      ${toldOf(kind, sql`settled`)}`)) === 1
  )
}

const toldOf = (kind: typeof deploymentAsked, from: Query): Query =>
  appendEvent(kind, { subject: sql`account_id`, detail: sql`jsonb_build_object('chain', chain_name)`, from })
