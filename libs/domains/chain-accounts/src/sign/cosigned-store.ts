import { sha256, toHex } from '@strongroom/crypto'
import { sql, type Statements } from '@strongroom/storage'

export interface Cosigned {
  readonly accountId: string
  readonly chainName: string
  /** The payload that we signed. */
  readonly message: Uint8Array
}

/** No id of ours: its client sends it, in as many transactions as it is paid for. */
const nameOf = (message: Uint8Array): string => `payload-${toHex(sha256(message))}`

/** In the transaction that writes down that it was signed; once more changes nothing. */
export const insertCosigned = (
  tx: Statements,
  { accountId, chainName, message, changeId }: Cosigned & { readonly changeId: string },
): Promise<number> =>
  tx.run(sql`
    insert into chain_accounts.relayed (transaction_id, account_id, chain_name, digest, change_id, message)
    values (${nameOf(message)}, ${accountId}, ${chainName}, ${sha256(message)}, ${changeId}, ${message})
    on conflict do nothing`)

/** Before the payer’s signature leaves: what came of the payload is asked by this hash. */
export const markPaid = (
  statements: Statements,
  { accountId, chainName, message, hash }: Cosigned & { readonly hash: string },
): Promise<number> =>
  statements.run(sql`
    update chain_accounts.relayed set paid = array_append(paid, ${hash})
     where transaction_id = ${nameOf(message)} and account_id = ${accountId} and chain_name = ${chainName}`)
