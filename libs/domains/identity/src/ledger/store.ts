import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { againstOf, directionOf, type PageOrder } from '../page-order.ts'
import type { LedgerSigner } from './ledger.ts'
import type { AppliedRow } from './stamps.ts'

const signerRow = z.object({
  key: z.string(),
  weight: z.int(),
  role: column.count,
  identity: column.count,
  details: z.string(),
  stamp: column.bytes,
})
export type SignerRow = z.output<typeof signerRow>

const recoveryRow = z.object({
  id: column.count,
  account: z.string(),
  signer: z.string().nullable(),
  state: z.enum(['begun', 'requested', 'rejected', 'approved', 'cancelled', 'refused']),
  request: column.bytes.nullable(),
  rejectReason: z.string().nullable(),
  stamp: column.bytes,
  createdAt: column.instant,
  updatedAt: column.instant,
})
export type RecoveryRow = z.output<typeof recoveryRow>

/** An account with all that hangs on it, as one statement saw it; nothing of it is believed yet. */
export interface AccountRows {
  readonly account: string
  readonly version: string
  /** A stamp, where the account is no more. */
  readonly forgotten: Uint8Array | null
  readonly signers: readonly SignerRow[]
  readonly recovery: RecoveryRow | undefined
}

const recoveryColumns = sql`r.id, r.account, r.signer, r.state, r.request, r.reject_reason as "rejectReason", r.stamp,
       r.created_at as "createdAt", r.updated_at as "updatedAt"`

/** PostgreSQL writes it into JSON, where bytes are hex and times are text: rows of one statement, and of one moment. */
const bytesInJson = z.string().transform((text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex')))
const accountRow = z.object({
  account: z.string(),
  version: z.uuid(),
  forgotten: column.bytes.nullable(),
  signers: z.array(signerRow.extend({ stamp: bytesInJson })),
  recovery: recoveryRow
    .extend({
      request: bytesInJson.nullable(),
      stamp: bytesInJson,
      createdAt: z.coerce.date(),
      updatedAt: z.coerce.date(),
    })
    .nullable(),
})

export interface Wanted {
  readonly accounts: readonly string[]
  /** Requests whose accounts are wanted as well. */
  readonly requests?: readonly number[]
}

const accountRows = sql`
  select a.account, a.version, a.forgotten,
         coalesce((select jsonb_agg(jsonb_build_object('key', s.key, 'weight', s.weight, 'role', s.role,
                                      'identity', s.identity, 'details', s.details, 'stamp', s.stamp) order by s.key)
                     from identity.ledger_signers as s where s.account = a.account), '[]') as signers,
         (select to_jsonb(o) from (select ${recoveryColumns} from identity.ledger_recoveries as r
           where r.account = a.account and r.ended_at is null) as o) as recovery
    from identity.ledger_accounts as a`

const asRows = (row: z.output<typeof accountRow>): AccountRows => ({ ...row, recovery: row.recovery ?? undefined })

/** One by its key, as nearly every request asks: of any number of them PostgreSQL makes a new plan each time. */
export async function findAccount(statements: Statements, account: string): Promise<AccountRows | undefined> {
  const row = await statements.maybe(accountRow, sql`${accountRows} where a.account = ${account}`)
  return row && asRows(row)
}

export async function findAccounts(
  statements: Statements,
  { accounts, requests = [] }: Wanted,
): Promise<readonly AccountRows[]> {
  const rows = await statements.many(
    accountRow,
    sql`${accountRows}
         where a.account = any (${accounts}::text[])
            or a.account in (select account from identity.ledger_recoveries
                              where id = any (${requests}::bigint[]) and ended_at is null)
         order by a.account`,
  )
  return rows.map(asRows)
}

const appliedRow = z.object({
  hash: column.bytes,
  sequence: column.count,
  source: z.string(),
  envelope: z.string(),
  result: z.string(),
  stamp: column.bytes,
  createdAt: column.instant,
})
export type StoredTransaction = z.output<typeof appliedRow>

const appliedColumns = sql`hash, sequence, source, envelope, result, stamp, created_at as "createdAt"`

export const findTransaction = (statements: Statements, hash: Uint8Array): Promise<StoredTransaction | undefined> =>
  statements.maybe(appliedRow, sql`select ${appliedColumns} from identity.ledger_transactions where hash = ${hash}`)

/** `undefined` where the same transaction was applied a moment ago. */
export const insertTransaction = (
  tx: Statements,
  { hash, source, envelope, result }: AppliedRow,
  stamp: Uint8Array,
): Promise<StoredTransaction | undefined> =>
  tx.maybe(
    appliedRow,
    sql`insert into identity.ledger_transactions (hash, source, envelope, result, stamp)
        values (${hash}, ${source}, ${envelope}, ${result}, ${stamp}) on conflict (hash) do nothing
        returning ${appliedColumns}`,
  )

/** One that was written past us. */
export const dropTransaction = (tx: Statements, hash: Uint8Array, stamp: Uint8Array): Promise<number> =>
  tx.run(sql`delete from identity.ledger_transactions where hash = ${hash} and stamp = ${stamp}`)

const moment = z.object({ now: column.count })

/** Unix seconds of the database. */
export const ledgerTime = async (statements: Statements): Promise<number> =>
  (await statements.one(moment, sql`select floor(extract(epoch from strongroom.now()))::bigint as now`)).now

/** False where there is such an account. */
export const insertAccount = async (
  tx: Statements,
  { account, version, role }: { account: string; version: string; role: number },
): Promise<boolean> =>
  (await tx.run(sql`
    insert into identity.ledger_accounts (account, version, role) values (${account}, ${version}, ${role})
    on conflict (account) do nothing`)) === 1

/** False where somebody changed the account since it was read; true locks it until the transaction ends. */
export const takeAccount = async (
  tx: Statements,
  account: string,
  { from, to }: { from: string; to: string },
): Promise<boolean> =>
  (await tx.run(sql`
    update identity.ledger_accounts set version = ${to} where account = ${account} and version = ${from}`)) === 1

/** The name stays, marked, and nothing else. Who comes here has taken the account. */
export async function clearAccount(tx: Statements, account: string, forgotten: Uint8Array): Promise<void> {
  await tx.run(sql`update identity.ledger_accounts set forgotten = ${forgotten} where account = ${account}`)
  await tx.run(sql`delete from identity.ledger_signers where account = ${account}`)
  await tx.run(sql`delete from identity.ledger_recoveries where account = ${account}`)
}

export type StampedSigner = LedgerSigner & { readonly stamp: Uint8Array }

/** All of an account's signers; whatever else stood there, of whomever, goes. */
export async function replaceSigners(
  tx: Statements,
  account: string,
  signers: readonly StampedSigner[],
): Promise<void> {
  await tx.run(sql`delete from identity.ledger_signers where account = ${account}`)
  await tx.run(sql`
    insert into identity.ledger_signers (account, key, weight, role, identity, details, stamp)
    select ${account}, key, weight, role, identity, details, stamp
      from unnest(${signers.map(({ key }) => key)}::text[], ${signers.map(({ weight }) => weight)}::int[],
                  ${signers.map(({ role }) => role)}::bigint[], ${signers.map(({ identity }) => identity)}::bigint[],
                  ${signers.map(({ details }) => details)}::text[],
                  ${signers.map(({ stamp }) => Buffer.from(stamp))}::bytea[])
        as s (key, weight, role, identity, details, stamp)`)
}

export interface RecoveryToKeep {
  readonly id: number
  readonly signer: string | undefined
  readonly state: RecoveryRow['state']
  readonly request: Uint8Array | undefined
  readonly rejectReason: string | undefined
  readonly stamp: Uint8Array
}

export async function putRecovery(tx: Statements, account: string, kept: RecoveryToKeep): Promise<void> {
  const { id, signer = null, state, request = null, rejectReason = null, stamp } = kept
  const ended = ['approved', 'cancelled', 'refused'].includes(state)
  await tx.run(sql`
    insert into identity.ledger_recoveries (id, account, signer, state, request, reject_reason, stamp, ended_at)
    values (${id}, ${account}, ${signer}, ${state}, ${request}, ${rejectReason}, ${stamp},
            case when ${ended}::boolean then strongroom.now() end)
    on conflict (id) do update
       set signer = excluded.signer, state = excluded.state, request = excluded.request,
           reject_reason = excluded.reject_reason, stamp = excluded.stamp, ended_at = excluded.ended_at,
           updated_at = strongroom.now()
     where ledger_recoveries.account = excluded.account`)
}

/** One that was written past us and stands where an account's recovery would. */
export const dropOpenRecovery = (tx: Statements, account: string, except: readonly number[]): Promise<number> =>
  tx.run(sql`
    delete from identity.ledger_recoveries
     where account = ${account} and ended_at is null and id <> all (${except}::bigint[])`)

/** The last recovery in which that key was let in. */
export const findEnded = (statements: Statements, account: string, signer: string) =>
  statements.many(
    recoveryRow,
    sql`select ${recoveryColumns} from identity.ledger_recoveries as r
         where r.account = ${account} and r.signer = ${signer} and r.ended_at is not null
         order by r.ended_at desc, r.id`,
  )

export interface RequestsWanted {
  /** Of one account; of all unless said. */
  readonly account?: string | undefined
  /** Of recoveries that let this key in. */
  readonly signer?: string | undefined
  readonly skip: number
  readonly most: number
  /** By time; newest first unless said. */
  readonly order?: PageOrder | undefined
}

/** Recoveries in which something was asked. */
export const findRequests = (statements: Statements, { account, signer, skip, most, order = 'desc' }: RequestsWanted) =>
  statements.many(
    recoveryRow.extend({ version: z.uuid() }),
    sql`select ${recoveryColumns}, a.version from identity.ledger_recoveries as r
          join identity.ledger_accounts as a on a.account = r.account
         where r.request is not null and (${account ?? null}::text is null or r.account = ${account ?? null})
           and (${signer ?? null}::text is null or r.signer = ${signer ?? null})
         order by r.created_at ${directionOf(order)}, r.id ${againstOf(order)} limit ${most} offset ${skip}`,
  )
