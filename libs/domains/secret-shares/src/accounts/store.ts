import { recordEvent } from '@strongroom/audit'
import { column, type Query, sql, type Statements, violatedConstraint } from '@strongroom/storage'
import { z } from 'zod'
import { loginBound } from './events.ts'
import { ownerOf, type Place } from './names.ts'

const columns = {
  id: z.uuid(),
  lookup: column.bytes,
  contactType: z.enum(['email', 'phone']),
  contact: column.bytes,
  primaryDid: z.string(),
  keyProvider: z.enum(['web3auth', 'sss']),
  securityLevel: z.enum(['basic', 'enhanced', 'advanced']),
  shareVersion: column.count,
  lastVersion: column.count,
  recoveryEmail: column.bytes.nullable(),
  /** Whether the login that asks is bound to the record. */
  bound: z.boolean(),
}
const accountRow = z.object(columns)
export type Account = z.output<typeof accountRow>

const selected = (login: Uint8Array): Query => sql`
  a.id, a.lookup, a.contact_type as "contactType", a.contact, a.primary_did as "primaryDid",
  a.key_provider as "keyProvider", a.security_level as "securityLevel", a.share_version as "shareVersion",
  a.last_version as "lastVersion", a.recovery_email as "recoveryEmail",
  exists (select from secret_shares.logins as l where l.account_id = a.id and l.lookup = ${login}) as bound`

/** Of a contact, as one login sees it. */
export interface Seen {
  readonly lookup: Uint8Array
  readonly login: Uint8Array
}

export const findAccount = (statements: Statements, { lookup, login }: Seen): Promise<Account | undefined> =>
  statements.maybe(accountRow, sql`select ${selected(login)} from secret_shares.accounts as a where lookup = ${lookup}`)

/** The row with more columns. Made once for each statement: a new shape at every call would be compiled at every call. */
export const accountRowWith = <Shape extends z.ZodRawShape>(shape: Shape) => z.object({ ...columns, ...shape })

/** The same with what else is wanted of the row, in one statement. */
export const findAccountWith = <Row>(
  statements: Statements,
  { lookup, login }: Seen,
  more: { row: z.ZodType<Row>; select: Query },
) =>
  statements.maybe(
    more.row,
    sql`select ${selected(login)}, ${more.select} from secret_shares.accounts as a where lookup = ${lookup}`,
  )

/** Whether the record still is as it was read; nobody else changes it before the transaction ends. */
export const holdAccount = async (
  tx: Statements,
  { id, lookup, shareVersion, lastVersion }: Pick<Account, 'id' | 'lookup' | 'shareVersion' | 'lastVersion'>,
): Promise<boolean> =>
  (await tx.maybe(
    z.object({ id: z.uuid() }),
    sql`select id from secret_shares.accounts
         where id = ${id} and lookup = ${lookup} and last_version = ${lastVersion}
           and share_version = ${shareVersion} for update`,
  )) !== undefined

/** Whether another request has written a record under the contact, or this very one, since it was looked for. */
export const isTakenMeanwhile = (error: unknown): boolean =>
  ['accounts_lookup_key', 'accounts_pkey'].includes(violatedConstraint(error) ?? '')

/**
 * Whether the record still has the contact that it was found by: what is sealed to it fits no other. It has it to the end
 * of the transaction; those who hold it so queue up here.
 */
export const holdContact = async (tx: Statements, { id, lookup }: Pick<Account, 'id' | 'lookup'>): Promise<boolean> =>
  (await tx.run(sql`select id from secret_shares.accounts where id = ${id} and lookup = ${lookup} for update`)) === 1

/** In a transaction that holds the record. */
export async function bindLogin(
  tx: Statements,
  { accountId, login, provider }: { accountId: string; login: Uint8Array; provider: string },
): Promise<void> {
  const bound = await tx.run(sql`
    insert into secret_shares.logins (account_id, lookup, provider) values (${accountId}, ${login}, ${provider})
    on conflict do nothing`)
  if (bound === 1) await recordEvent(tx, loginBound, { subject: accountId, detail: { provider } })
}

export const placeOf = ({ id, lookup, primaryDid }: Pick<Account, 'id' | 'lookup' | 'primaryDid'>): Place => ({
  accountId: id,
  owner: ownerOf({ lookup, primaryDid }),
})
