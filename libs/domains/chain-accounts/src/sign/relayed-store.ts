import { sha256 } from '@strongroom/crypto'
import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { ChainName } from '../shapes.ts'

const relayedRow = z.object({ id: z.string(), chainName: ChainName })
export type RelayedRow = z.output<typeof relayedRow>

export interface NewRelayed {
  readonly id: string
  readonly accountId: string
  readonly chainName: string
  /** What was signed. */
  readonly message: Uint8Array
  /** The change of signers that it was signed for. */
  readonly changeId?: string | undefined
}

/** Whose a transaction is that we sent; once more changes nothing. */
export const insertRelayed = (
  tx: Statements,
  { id, accountId, chainName, message, changeId }: NewRelayed,
): Promise<number> =>
  tx.run(sql`
    insert into chain_accounts.relayed (transaction_id, account_id, chain_name, digest, change_id)
    values (${id}, ${accountId}, ${chainName}, ${sha256(message)}, ${changeId ?? null}) on conflict do nothing`)

export const findRelayed = (
  statements: Statements,
  { id, accountId }: Pick<NewRelayed, 'id' | 'accountId'>,
): Promise<RelayedRow | undefined> =>
  statements.maybe(
    relayedRow,
    sql`select transaction_id as id, chain_name as "chainName" from chain_accounts.relayed
         where transaction_id = ${id} and account_id = ${accountId} and message is null`,
  )

/** The same message once more: the first answer may have been lost. */
export const findSameRelayed = (
  statements: Statements,
  { accountId, chainName, message }: Omit<NewRelayed, 'id' | 'changeId'>,
): Promise<RelayedRow | undefined> =>
  statements.maybe(
    relayedRow,
    sql`select transaction_id as id, chain_name as "chainName" from chain_accounts.relayed
         where account_id = ${accountId} and digest = ${sha256(message)} and chain_name = ${chainName}
         order by created_at desc limit 1`,
  )
