import { type Query, sql, type Statements } from '@strongroom/storage'

/** Ids of transactions that rows of ours ask for: those are not forgotten. */
export const transactionReferences: readonly Query[] = [
  // Once an account stands its hash is kept beside it.
  sql`select transaction_id from chain_accounts.addresses where state = 'pending'`,
  sql`select transaction_id from chain_accounts.relayed`,
  sql`select transaction_id from chain_accounts.recoveries where transaction_id is not null`,
]

/** Whose it was; then the transaction itself is forgotten. A change is signed anew for some days, and no longer. */
export const purgeRelayed = (statements: Statements, keptSeconds: number): Promise<number> =>
  statements.run(sql`
    delete from chain_accounts.relayed where created_at < strongroom.now() - make_interval(secs => ${keptSeconds})`)
