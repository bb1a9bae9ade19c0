import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export const accountRow = z.object({
  id: z.uuid(),
  appId: z.uuid(),
  state: z.enum(['pending', 'active', 'closed']),
  createdAt: column.instant,
  updatedAt: column.instant,
})
export type AccountRow = z.output<typeof accountRow>

/** Of `chain_accounts.accounts as a`. */
export const accountColumns = sql`a.id, a.app_id as "appId", a.state, a.created_at as "createdAt", a.updated_at as "updatedAt"`

export const findAccount = (statements: Statements, id: string): Promise<AccountRow | undefined> =>
  statements.maybe(accountRow, sql`select ${accountColumns} from chain_accounts.accounts as a where a.id = ${id}`)

const identityRow = accountRow.extend({ lookup: column.bytes, stamp: column.bytes })
export type IdentityRow = z.output<typeof identityRow>

/** Whether it was made in the last seconds, by the database’s clock. */
export const isFresh = async (
  statements: Statements,
  { id, seconds }: { id: string; seconds: number },
): Promise<boolean> =>
  (await statements.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from chain_accounts.accounts
         where id = ${id} and created_at > strongroom.now() - make_interval(secs => ${seconds})`,
  )) !== undefined

/** The account of a login. */
export const findIdentity = (statements: Statements, lookup: Uint8Array): Promise<IdentityRow | undefined> =>
  statements.maybe(
    identityRow,
    sql`select ${accountColumns}, i.lookup, i.stamp from chain_accounts.identities as i
          join chain_accounts.accounts as a on a.id = i.account_id where i.lookup = ${lookup}`,
  )

/** It stands somewhere; once more changes nothing. */
export const markAccountActive = (tx: Statements, id: string): Promise<number> =>
  tx.run(sql`
    update chain_accounts.accounts set state = 'active', activated_at = strongroom.now(), updated_at = strongroom.now()
     where id = ${id} and state = 'pending'`)
