import { sql, type Tx } from '@strongroom/storage'

/** What else an app keeps under the record's id, and drops with it: in the same transaction. */
export type WhenRemoved = (tx: Tx, accountId: string) => Promise<unknown>

/** With a record go its shares, methods and logins; copies that are held stay. */
export async function removeAccount(tx: Tx, accountId: string, whenRemoved: WhenRemoved): Promise<void> {
  await tx.run(sql`delete from secret_shares.accounts where id = ${accountId}`)
  await whenRemoved(tx, accountId)
}
