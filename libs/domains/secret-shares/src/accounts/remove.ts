import { sql, type Statements } from '@strongroom/storage'

/** With a record go its shares, methods and logins; copies that are held stay. */
export const removeAccount = (tx: Statements, accountId: string): Promise<number> =>
  tx.run(sql`delete from secret_shares.accounts where id = ${accountId}`)
