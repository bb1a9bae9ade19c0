import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { keyRow } from '../accounts/key-row.ts'
import { useOf } from '../accounts/keys-store.ts'

const clock = z.object({ now: column.instant })

/** Our tokens are good by the database’s clock. */
export const readNow = async (statements: Statements): Promise<Date> =>
  (await statements.one(clock, sql`select strongroom.now() as now`)).now

const keyColumns = sql`k.id, k.account_id as "accountId", k.type, k.kind, k.public_key as "publicKey",
  k.key_index as "keyIndex", k.state, k.stamp, null::bytea as envelope, null::bytea as data, k.sign_count as "signCount",
  k.credential_id as "credentialId", k.backup_eligible as "backupEligible",
  k.created_at as "createdAt", k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"`

const standingRow = keyRow.extend({
  now: column.instant,
  appId: z.uuid(),
  closed: z.boolean(),
  /** Why the family ended; null while it lives. */
  ended: z.string().nullable(),
})
/** The key of a family, and whether family and account live. */
export type Standing = z.output<typeof standingRow>

const standing = (from: Query): Query => sql`
  select ${keyColumns}, strongroom.now() as now, a.app_id as "appId", a.state = 'closed' as closed,
         case when f.revoked_at is not null then f.why end as ended
    from ${from} join chain_accounts.accounts as a on a.id = f.account_id
    join chain_accounts.keys as k on k.id = f.key_id and k.account_id = f.account_id`

/** Whom a family speaks for: its account and app as they are in the token. */
export interface FamilyName {
  readonly sid: string
  readonly sub: string
  readonly aud: string
}

const ofFamily = ({ sid, sub, aud }: FamilyName): Query =>
  sql`f.id = ${sid} and f.account_id = ${sub} and f.app_id = ${aud} and a.app_id = ${aud}`

export const findStanding = (statements: Statements, family: FamilyName): Promise<Standing | undefined> =>
  statements.maybe(standingRow, sql`${standing(sql`chain_accounts.token_families as f`)} where ${ofFamily(family)}`)

const accountRow = z.object({ now: column.instant, closed: z.boolean() })

export const findAccountStanding = (
  statements: Statements,
  { sub, aud }: Omit<FamilyName, 'sid'>,
): Promise<z.output<typeof accountRow> | undefined> =>
  statements.maybe(
    accountRow,
    sql`select strongroom.now() as now, state = 'closed' as closed from chain_accounts.accounts
         where id = ${sub} and app_id = ${aud}`,
  )

export interface NewFamily {
  readonly id: string
  readonly accountId: string
  readonly appId: string
  readonly keyId: string
}

export interface NewToken {
  readonly digest: Uint8Array
  readonly expiresAt: Date
}

/** A sign-in, its first refresh token, and that the key was used: all or none. */
export const insertFamily = (statements: Statements, family: NewFamily, token: NewToken): Promise<number> =>
  statements.run(sql`
    with family as (
      insert into chain_accounts.token_families (id, account_id, app_id, key_id)
      values (${family.id}, ${family.accountId}, ${family.appId}, ${family.keyId}) returning id
    ), token as (
      insert into chain_accounts.refresh_tokens (digest, family_id, expires_at)
      select ${token.digest}::bytea, id, ${token.expiresAt}::timestamptz from family
    ), ${useOf(family)}`)

const refreshRow = standingRow.extend({
  expiresAt: column.instant,
  usedAt: column.instant.nullable(),
  successor: column.bytes.nullable(),
  /** Whether the token that took its place was used as well. */
  followed: z.boolean(),
})
export type RefreshRow = z.output<typeof refreshRow>

export const findRefresh = (
  statements: Statements,
  family: FamilyName,
  digest: Uint8Array,
): Promise<RefreshRow | undefined> =>
  statements.maybe(
    refreshRow,
    sql`select s.*, r.expires_at as "expiresAt", r.used_at as "usedAt", r.successor,
               exists (select from chain_accounts.refresh_tokens as n
                        where n.follows = r.digest and n.used_at is not null) as followed
          from chain_accounts.refresh_tokens as r,
               lateral (${standing(sql`chain_accounts.token_families as f`)}
                         where f.id = r.family_id and ${ofFamily(family)}) as s
         where r.digest = ${digest}`,
  )

/** Once: false where another request used it first, or nothing follows from it any more. */
export const useRefresh = async (
  tx: Statements,
  { digest, successor }: { digest: Uint8Array; successor: Uint8Array },
): Promise<boolean> =>
  (await tx.run(sql`
    update chain_accounts.refresh_tokens as r set used_at = strongroom.now(), successor = ${successor}
     where r.digest = ${digest} and r.used_at is null
       and exists (select from chain_accounts.token_families as f where f.id = r.family_id and f.revoked_at is null)`)) ===
  1

export const insertSuccessor = (
  tx: Statements,
  { digest, expiresAt, follows }: NewToken & { follows: Uint8Array },
): Promise<number> =>
  tx.run(sql`
    insert into chain_accounts.refresh_tokens (digest, family_id, expires_at, follows)
    select ${digest}::bytea, family_id, ${expiresAt}::timestamptz, digest
      from chain_accounts.refresh_tokens where digest = ${follows}`)

/** False where it had ended before. */
export const endFamily = async (tx: Statements, id: string): Promise<boolean> =>
  (await tx.run(sql`
    update chain_accounts.token_families set revoked_at = strongroom.now(), why = 'reused'
     where id = ${id} and revoked_at is null`)) === 1

export const endFamiliesOf = (tx: Statements, keyId: string): Promise<number> =>
  tx.run(sql`
    update chain_accounts.token_families set revoked_at = strongroom.now(), why = 'key-revoked'
     where key_id = ${keyId} and revoked_at is null`)

/** Successors are kept for as long as they are answered again; tokens until they expire, and families with the last of them. */
export async function purgeTokens(statements: Statements, grace: number): Promise<void> {
  await statements.run(sql`
    update chain_accounts.refresh_tokens set successor = null
     where successor is not null and used_at < strongroom.now() - make_interval(secs => ${grace})`)
  await statements.run(sql`delete from chain_accounts.refresh_tokens where expires_at < strongroom.now()`)
  await statements.run(sql`
    delete from chain_accounts.token_families as f
     where f.created_at < strongroom.now() - interval '1 day'
       and not exists (select from chain_accounts.refresh_tokens as r where r.family_id = f.id)`)
}
