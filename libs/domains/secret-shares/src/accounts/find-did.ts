import type { Login } from '@strongroom/proofs'
import { sql, type Statements } from '@strongroom/storage'
import { contactOf } from './names.ts'
import { findAccount } from './store.ts'
import { type CallerDeps, see } from './caller.ts'

/** Whether a record is there still, for what stands beside it; nobody removes it before the transaction ends. */
export const holdDid = async (tx: Statements, accountId: string): Promise<boolean> =>
  (await tx.run(sql`select from secret_shares.accounts where id = ${accountId} for key share`)) === 1

/** The record that a login is bound to, for what stands beside this domain: its id and its DID. */
export async function findDid(
  { database, hsm }: CallerDeps,
  login: Login,
): Promise<{ id: string; did: string } | undefined> {
  const account = await findAccount(database.reading, await see(hsm, login, contactOf(login)))
  return account?.bound ? { id: account.id, did: account.primaryDid } : undefined
}
