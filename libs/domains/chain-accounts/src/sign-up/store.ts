import { appendEvent } from '@strongroom/audit'
import { sql, type Statements } from '@strongroom/storage'
import { accountSignedUp } from '../accounts/events.ts'
import { accountColumns, accountRow, type AccountRow } from '../accounts/store.ts'

export interface NewAccount {
  readonly id: string
  readonly appId: string
  /** Where it is to stand first. */
  readonly chain: string
  /** Of its login. */
  readonly lookup: Uint8Array
  readonly stamp: Uint8Array
  readonly provider: string
  readonly profile: Uint8Array
}

/** An account with its login. `undefined` where another request signed this login up a moment ago: then all is undone. */
export const insertAccount = (tx: Statements, account: NewAccount): Promise<AccountRow | undefined> =>
  tx.maybe(
    accountRow,
    sql`
    with opened as (
      insert into chain_accounts.accounts (id, app_id) values (${account.id}, ${account.appId}) returning *
    ), named as (
      insert into chain_accounts.identities (lookup, account_id, stamp, provider, profile)
      select ${account.lookup}::bytea, id, ${account.stamp}::bytea, ${account.provider}::text, ${account.profile}::bytea
        from opened
      on conflict do nothing returning account_id, provider
    ), told as (${appendEvent(accountSignedUp, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('chain', ${account.chain}::text, 'provider', provider)`,
      from: sql`named`,
    })})
    select ${accountColumns} from opened as a join named on named.account_id = a.id`,
  )
