import { closeBudgets } from '@strongroom/guesses'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { Policies } from '../policies.ts'
import type { UserFinders } from './identify.ts'

const Channel = z.enum(['email', 'sms'])
const userRow = z.object({
  id: z.uuid(),
  /** What codes, guesses and locks are counted and kept for. */
  subject: z.string(),
  /** Vouches for the name, of a row that is found by another MAC than it is named by. */
  stamp: column.bytes.nullable(),
  channel: Channel,
  verified: z.boolean(),
})
export type UserRow = z.output<typeof userRow>

/** A user of a key who was not removed, by whatever version of the MAC key it is found. */
export const findUser = (
  statements: Statements,
  keyId: string,
  finders: readonly Uint8Array[],
): Promise<UserRow | undefined> => statements.maybe(userRow, userQuery(keyId, finders))

/** The same, and nobody else changes the row before the transaction ends. */
export const holdUser = (tx: Statements, keyId: string, finders: readonly Uint8Array[]): Promise<UserRow | undefined> =>
  tx.maybe(userRow, sql`${userQuery(keyId, finders)} for update`)

const userQuery = (keyId: string, finders: readonly Uint8Array[]): Query => sql`
    select id, encode(lookup, 'hex') as subject, name_stamp as stamp, channel, verified_at is not null as verified
      from pin_keys.users where ${isFoundBy(keyId, finders)}`

const isFoundBy = (keyId: string, finders: readonly Uint8Array[]): Query =>
  sql`key_id = ${keyId} and finder = any(${finders.map((one) => Buffer.from(one))}::bytea[]) and removed_at is null`

export interface NewUser {
  readonly id: string
  readonly keyId: string
  readonly finders: UserFinders
  readonly channel: 'email' | 'sms'
  readonly contact: Uint8Array
}

/**
 * False where another request added the same user a moment ago. Replicas that write by different versions wait for each
 * other at what both know: the finder of the oldest.
 */
export async function insertUser(tx: Statements, { id, keyId, finders, channel, contact }: NewUser): Promise<boolean> {
  const { finder, version } = finders.current
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended(encode(${finders.all.at(-1) ?? finder}, 'hex'), 0))`)
  const inserted = await tx.run(sql`
    insert into pin_keys.users (id, key_id, lookup, finder, finder_version, channel, contact)
    select ${id}, ${keyId}, ${finder}, ${finder}, ${version}, ${channel}, ${contact}
     where not exists (select from pin_keys.users where ${isFoundBy(keyId, finders.all)})
    on conflict do nothing`)
  return inserted === 1
}

export const markVerified = (tx: Statements, userId: string): Promise<number> =>
  tx.run(sql`update pin_keys.users set verified_at = coalesce(verified_at, strongroom.now()) where id = ${userId}`)

export const markRemoved = (tx: Statements, userId: string): Promise<number> =>
  tx.run(sql`update pin_keys.users set removed_at = strongroom.now() where id = ${userId}`)

/** With the key, its users go, and what was left to guess at their codes; they are still told. */
export async function removeAllUsers(tx: Statements, { codes }: Policies, keyId: string): Promise<void> {
  await tx.run(
    closeBudgets(codes.budget, sql`select encode(lookup, 'hex') from pin_keys.users where key_id = ${keyId}`),
  )
  await tx.run(
    sql`update pin_keys.users set removed_at = strongroom.now() where key_id = ${keyId} and removed_at is null`,
  )
}

/** The first copy stays: it is the same key. */
export const insertCopy = (tx: Statements, keyId: string, envelope: Uint8Array): Promise<number> =>
  tx.run(
    sql`insert into pin_keys.recovery_copies (key_id, envelope) values (${keyId}, ${envelope}) on conflict do nothing`,
  )

/** The copy goes with the last user. */
export const dropCopyWithoutUsers = (tx: Statements, keyId: string): Promise<number> =>
  tx.run(sql`
    delete from pin_keys.recovery_copies
     where key_id = ${keyId} and not exists (select from pin_keys.users where key_id = ${keyId} and removed_at is null)`)

const contactRow = z.object({
  userId: z.uuid(),
  keyId: z.uuid(),
  subject: z.string(),
  channel: Channel,
  contact: column.bytes,
})

export const findContact = (statements: Statements, userId: string) =>
  statements.maybe(
    contactRow,
    sql`select id as "userId", key_id as "keyId", encode(lookup, 'hex') as subject, channel, contact
          from pin_keys.users where id = ${userId} and removed_at is null`,
  )

/** Users who were removed, and told of it, a week ago. */
export const purgeUsers = (statements: Statements): Promise<number> =>
  statements.run(sql`
    delete from pin_keys.users as u
     where removed_at < strongroom.now() - interval '7 days'
       and not exists (select from pin_keys.deliveries d where d.user_id = u.id and d.sent_at is null and d.failed_at is null)`)
