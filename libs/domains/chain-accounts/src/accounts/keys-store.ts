import { appendEvent } from '@strongroom/audit'
import { type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { keyActivated, keyAdded, keyRevoked, signedIn } from './events.ts'
import { keyRow, type KeyRow } from './key-row.ts'

/** Of `chain_accounts.keys as k`. */
export const keyColumns = sql`k.id, k.account_id as "accountId", k.type, k.kind, k.public_key as "publicKey",
  k.key_index as "keyIndex", k.state, k.stamp, k.envelope, k.data, k.sign_count as "signCount",
  k.credential_id as "credentialId", k.backup_eligible as "backupEligible", k.created_at as "createdAt",
  k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"`

export const findKey = (
  statements: Statements,
  { accountId, publicKey }: Pick<KeyRow, 'accountId' | 'publicKey'>,
): Promise<KeyRow | undefined> =>
  statements.maybe(
    keyRow,
    sql`select ${keyColumns} from chain_accounts.keys as k where account_id = ${accountId} and public_key = ${publicKey}`,
  )

export const findKeyById = (statements: Statements, id: string): Promise<KeyRow | undefined> =>
  statements.maybe(keyRow, sql`select ${keyColumns} from chain_accounts.keys as k where id = ${id}`)

/** By index; those that are revoked as well, where they are asked for. */
export const findKeys = (
  statements: Statements,
  accountId: string,
  which: 'live' | 'all' = 'live',
): Promise<readonly KeyRow[]> =>
  statements.many(
    keyRow,
    sql`select ${keyColumns} from chain_accounts.keys as k
         where account_id = ${accountId} and (${which === 'all'} or state <> 'revoked') order by key_index`,
  )

/** What is kept of how a passkey was made. */
export interface NewCredential {
  readonly id: Uint8Array
  /** Among whose passkeys it is the only one of that id. */
  readonly appId: string
  readonly signCount: number
  readonly backupEligible: boolean
  readonly backedUp: boolean
}

export type NewKey = Pick<KeyRow, 'id' | 'accountId' | 'type' | 'kind' | 'publicKey' | 'envelope' | 'data'> & {
  readonly state: 'pending' | 'active'
  readonly stamp: Uint8Array
  readonly credential?: NewCredential
}

/** Those who add keys to one account queue up here, and count only when it is their turn. */
export async function countKeys(tx: Statements, accountId: string): Promise<number> {
  await tx.one(
    z.object({ id: z.uuid() }),
    sql`select id from chain_accounts.accounts where id = ${accountId} for update`,
  )
  // A statement of its own: one that waited for the lock would still see what was there before it waited.
  const { count } = await tx.one(
    z.object({ count: z.int() }),
    sql`select count(*)::int as count from chain_accounts.keys where account_id = ${accountId} and state <> 'revoked'`,
  )
  return count
}

/**
 * In the transaction that holds the account, which `countKeys` locks. False where the account has or had this key, or another
 * key of the app the same credential id.
 */
export const insertKey = async (tx: Statements, { credential, ...key }: NewKey): Promise<boolean> =>
  (await tx.run(sql`
    with added as (
      insert into chain_accounts.keys
             (id, account_id, type, kind, public_key, key_index, state, stamp, envelope, data, activated_at,
              credential_id, credential_app, backup_eligible, backed_up, sign_count)
      select ${key.id}::uuid, ${key.accountId}::uuid, ${key.type}::text, ${key.kind}::text, ${key.publicKey}::bytea,
             coalesce((select max(key_index) + 1 from chain_accounts.keys where account_id = ${key.accountId}), 0),
             ${key.state}::text, ${key.stamp}::bytea, ${key.envelope}::bytea, ${key.data}::bytea,
             case when ${key.state}::text = 'active' then strongroom.now() end,
             ${credential?.id ?? null}::bytea, ${credential?.appId ?? null}::uuid, ${credential?.backupEligible ?? null}::boolean,
             ${credential?.backedUp ?? null}::boolean, ${credential?.signCount ?? 0}::bigint
      on conflict do nothing
      returning account_id, public_key
    )
    ${told(keyAdded, sql`added`)}`)) === 1

/** Seen on the chain. False where it was not pending. */
export const activateKey = async (tx: Statements, { id, stamp }: { id: string; stamp: Uint8Array }): Promise<boolean> =>
  (await tx.run(sql`
    with activated as (
      update chain_accounts.keys
         set state = 'active', stamp = ${stamp}, activated_at = strongroom.now(), updated_at = strongroom.now()
       where id = ${id} and state = 'pending' returning account_id, public_key
    )
    ${told(keyActivated, sql`activated`)}`)) === 1

/** Its stamp goes, so that no later change of the row brings it back. False where it was revoked before. */
export const markRevoked = async (tx: Statements, id: string): Promise<boolean> =>
  (await tx.run(sql`
    with revoked as (
      update chain_accounts.keys
         set state = 'revoked', stamp = null, revoked_at = strongroom.now(), updated_at = strongroom.now()
       where id = ${id} and state <> 'revoked' returning account_id, public_key
    )
    ${told(keyRevoked, sql`revoked`)}`)) === 1

/**
 * The end of a `with` statement: the key signed in, on its row and as an event. One that does not count on a chain yet signs
 * in to nothing.
 */
export const useOf = ({ accountId, keyId }: { accountId: string; keyId: string }): Query => sql`
    used as (
      update chain_accounts.keys set last_used_at = strongroom.now()
       where id = ${keyId} and account_id = ${accountId} and state = 'active' returning account_id, public_key
    )
    ${told(signedIn, sql`used`)}`

export const markUsed = (statements: Statements, key: { accountId: string; keyId: string }): Promise<number> =>
  statements.run(sql`with ${useOf(key)}`)

/** By compare-and-swap: false where another change came first. */
export const replaceKeyData = async (
  statements: Statements,
  { id, data }: { id: string; data: Uint8Array | null },
  next: Uint8Array,
): Promise<boolean> =>
  (await statements.run(sql`
    update chain_accounts.keys set data = ${next}, updated_at = strongroom.now()
     where id = ${id} and data is not distinct from ${data}::bytea and state <> 'revoked'`)) === 1

/** Of a passkey's authenticator; it must rise, unless it does not count at all. False: it was cloned, or answered twice. */
export const raiseSignCount = async (
  statements: Statements,
  { id, count, backedUp }: { id: string; count: number; backedUp: boolean },
): Promise<boolean> =>
  (await statements.run(sql`
    update chain_accounts.keys
       set sign_count = ${count}, backed_up = case when credential_id is not null then ${backedUp}::boolean end
     where id = ${id} and (sign_count < ${count} or (sign_count = 0 and ${count}::bigint = 0))`)) === 1

const told = (kind: typeof keyAdded, from: Query): Query =>
  appendEvent(kind, {
    subject: sql`account_id`,
    detail: sql`jsonb_build_object('key', encode(public_key, 'hex'))`,
    from,
  })
