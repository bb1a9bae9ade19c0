import { appendEvent, recordEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { accountMigrated, shareReleased, shareStored } from '../accounts/events.ts'
import { accountRowWith, findAccountWith, type Seen } from '../accounts/store.ts'
import { RecoveryType } from './contract.ts'

const method = z.object({
  type: RecoveryType,
  createdAt: z.string(),
  credentialId: z.string().nullable(),
  shareVersion: column.count.nullable(),
})

const record = accountRowWith({ envelope: column.bytes.nullable(), released: column.count, methods: z.array(method) })
export type ShareRecord = z.output<typeof record>

/** A record with one of its shares and its recovery methods, by one statement. */
export const findRecord = (statements: Statements, seen: Seen, version: number | undefined) =>
  findAccountWith(statements, seen, {
    row: record,
    select: sql`
      coalesce(${version ?? null}::int, a.share_version) as released,
      (select envelope from secret_shares.shares as s
        where s.account_id = a.id and s.version = coalesce(${version ?? null}::int, a.share_version)) as envelope,
      (select coalesce(json_agg(json_build_object('type', m.type, 'credentialId', m.credential_id, 'shareVersion', m.share_version,
                'createdAt', to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by m.id), '[]')
         from secret_shares.recovery_methods as m where m.account_id = a.id) as methods`,
  })

export const noteRelease = (statements: Statements, accountId: string, version: number): Promise<void> =>
  recordEvent(statements, shareReleased, { subject: accountId, detail: { version } })

export interface NewAccount {
  readonly id: string
  readonly lookup: Uint8Array
  readonly contactType: 'email' | 'phone'
  readonly contact: Uint8Array
  readonly primaryDid: string
  readonly keyProvider: string
  readonly securityLevel: string
}

/** False where another request made a record for the contact a moment ago. */
export const insertAccount = async (tx: Statements, account: NewAccount): Promise<boolean> =>
  (await tx.run(sql`
    insert into secret_shares.accounts
           (id, lookup, contact_type, contact, primary_did, key_provider, security_level, share_version, last_version)
    values (${account.id}, ${account.lookup}, ${account.contactType}, ${account.contact}, ${account.primaryDid},
            ${account.keyProvider}, ${account.securityLevel}, 1, 1)
    on conflict do nothing`)) === 1

export const insertShare = (
  tx: Statements,
  { accountId, version, envelope }: { accountId: string; version: number; envelope: Uint8Array },
): Promise<number> =>
  tx.run(sql`
    with share as (
      insert into secret_shares.shares (account_id, version, envelope) values (${accountId}, ${version}, ${envelope})
      returning account_id
    )
    ${appendEvent(shareStored, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('version', ${version}::int)`,
      from: sql`share`,
    })}`)

/** Makes a version the current one. */
export const advance = (
  tx: Statements,
  account: { id: string; version: number; keyProvider: string | undefined; securityLevel: string | undefined },
): Promise<number> =>
  tx.run(sql`
    update secret_shares.accounts
       set share_version = ${account.version}, last_version = ${account.version}, share_updated_at = strongroom.now(),
           key_provider = coalesce(${account.keyProvider ?? null}, key_provider),
           security_level = coalesce(${account.securityLevel ?? null}, security_level)
     where id = ${account.id}`)

/** Drops shares beyond the history, and recovery methods whose share went. Those without a version stay. */
export async function prune(tx: Statements, accountId: string, history: number): Promise<void> {
  await tx.run(sql`
    delete from secret_shares.shares
     where account_id = ${accountId}
       and version not in (select version from secret_shares.shares where account_id = ${accountId}
                            order by version desc limit ${history + 1})`)
  await tx.run(sql`
    delete from secret_shares.recovery_methods as m
     where account_id = ${accountId} and share_version is not null
       and not exists (select from secret_shares.shares as s where s.account_id = m.account_id and s.version = m.share_version)`)
}

export const noteMigrated = (statements: Statements, accountId: string): Promise<number> =>
  statements.run(sql`
    with account as (
      update secret_shares.accounts set migrated_at = strongroom.now() where id = ${accountId} and migrated_at is null returning id
    )
    ${appendEvent(accountMigrated, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`account` })}`)
