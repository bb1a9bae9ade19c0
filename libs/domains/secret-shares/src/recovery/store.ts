import { appendEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { recoveryAdded, recoveryEmailVerified } from '../accounts/events.ts'
import type { Account } from '../accounts/store.ts'

export interface Method {
  readonly accountId: string
  readonly type: string
  readonly credentialId: string | undefined
  readonly shareVersion: number | undefined
  readonly envelope: Uint8Array | undefined
}

/** A passkey has a slot for each credential, and one for none; every other type has one. */
export const slotOf = ({ type, credentialId }: Pick<Method, 'type' | 'credentialId'>): string =>
  type === 'passkey' ? (credentialId ?? '') : ''

/** What a method's share is sealed to: also to the credential that a stranger names to be given it. */
export const whichOf = ({ type, credentialId }: { type: string; credentialId: string | null | undefined }): string =>
  `${type}/${credentialId ?? ''}`

/** Methods beside the one in the slot of this one. */
export const countOthers = async (tx: Statements, method: Pick<Method, 'accountId' | 'type' | 'credentialId'>) => {
  const { accountId, type } = method
  const { count } = await tx.one(
    z.object({ count: column.count }),
    sql`select count(*)::int as count from secret_shares.recovery_methods
         where account_id = ${accountId} and not (type = ${type} and slot = ${slotOf(method)})`,
  )
  return count
}

/** Replaces what is in the slot and moves to the end. */
export async function putMethod(tx: Statements, method: Method): Promise<void> {
  const { accountId, type, credentialId, shareVersion, envelope } = method
  const slot = slotOf(method)
  await tx.run(
    sql`delete from secret_shares.recovery_methods where account_id = ${accountId} and type = ${type} and slot = ${slot}`,
  )
  await tx.run(sql`
    with method as (
      insert into secret_shares.recovery_methods (account_id, type, slot, credential_id, share_version, envelope)
      values (${accountId}, ${type}, ${slot}, ${credentialId ?? null}, ${shareVersion ?? null}, ${envelope ?? null})
      returning account_id
    )
    ${appendEvent(recoveryAdded, {
      subject: sql`account_id`,
      detail: sql`jsonb_build_object('type', ${type}::text)`,
      from: sql`method`,
    })}`)
}

const methodRow = z.object({
  credentialId: z.string().nullable(),
  envelope: column.bytes.nullable(),
  shareVersion: column.count.nullable(),
})

/** A record moved since it was read has none: its shares are sealed to another contact. */
const methodOf = ({ id, lookup }: Pick<Account, 'id' | 'lookup'>): Query => sql`
  select m.credential_id as "credentialId", m.envelope, m.share_version as "shareVersion"
    from secret_shares.recovery_methods as m join secret_shares.accounts as a on a.id = m.account_id
   where a.id = ${id} and a.lookup = ${lookup}`

/** The first passkey where no credential is named; for other types the credential does not count. */
export const findMethod = (
  statements: Statements,
  account: Account,
  { type, credentialId }: { type: string; credentialId: string | undefined },
) =>
  statements.maybe(
    methodRow,
    sql`${methodOf(account)} and m.type = ${type}
           and (${type !== 'passkey' || credentialId === undefined} or m.slot = ${credentialId ?? ''})
         order by m.id limit 1`,
  )

/** The one that was stored with exactly this credential. */
export const findExactMethod = (
  statements: Statements,
  account: Pick<Account, 'id' | 'lookup'>,
  { type, credentialId }: { type: string; credentialId: string },
) =>
  statements.maybe(
    methodRow,
    sql`${methodOf(account)} and m.type = ${type} and m.credential_id = ${credentialId} order by m.id limit 1`,
  )

/** The newest request replaces the one before it. */
export const putPending = (
  tx: Statements,
  { accountId, codeId, email }: { accountId: string; codeId: string; email: Uint8Array },
): Promise<number> =>
  tx.run(sql`
    insert into secret_shares.pending_emails (account_id, code_id, email) values (${accountId}, ${codeId}, ${email})
    on conflict (account_id) do update set code_id = excluded.code_id, email = excluded.email, at = strongroom.now()`)

export const findPending = (statements: Statements, accountId: string) =>
  statements.maybe(
    z.object({ codeId: z.uuid(), email: column.bytes }),
    sql`select code_id as "codeId", email from secret_shares.pending_emails where account_id = ${accountId}`,
  )

/** False where another request was faster, or newer. */
export const takePending = async (tx: Statements, accountId: string, codeId: string): Promise<boolean> =>
  (await tx.run(
    sql`delete from secret_shares.pending_emails where account_id = ${accountId} and code_id = ${codeId}`,
  )) === 1

export const setRecoveryEmail = (tx: Statements, accountId: string, email: Uint8Array): Promise<number> =>
  tx.run(sql`
    with account as (
      update secret_shares.accounts set recovery_email = ${email} where id = ${accountId} returning id
    )
    ${appendEvent(recoveryEmailVerified, { subject: sql`id`, detail: sql`'{}'::jsonb`, from: sql`account` })}`)

/** Requests that nobody answered. */
export const purgePending = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from secret_shares.pending_emails where at < strongroom.now() - interval '1 day'`)
