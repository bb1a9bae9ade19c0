import { appendEvent } from '@strongroom/audit'
import { equalBytes, sha256 } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { KDF_VERSION } from '../wallets/contract.ts'
import { changeApplied, changeAsked, changeDropped } from '../wallets/events.ts'
import { stampOf } from '../wallets/names.ts'
import type { Wallet } from '../wallets/store.ts'

const kinds = ['password', 'recovery', 'address'] as const

const changeRow = z.object({
  id: z.uuid(),
  walletId: z.uuid(),
  /** What the wallet was when it was asked. */
  fromLookup: column.bytes,
  fromVersion: z.int(),
  kind: z.enum(kinds),
  lookup: column.bytes,
  contact: column.bytes,
  salt: column.bytes,
  contents: column.bytes,
  passwordRef: z.uuid(),
  passwordSecret: column.bytes,
  /** What the ledger is asked first: a transaction, and the key that signs after it; or a key alone, to let in. */
  envelope: z.string().nullable(),
  signer: z.string().nullable(),
  stamp: column.bytes,
})

/** What a wallet is to become. */
export type Change = z.output<typeof changeRow>

/** By which the token knows its own: a change that was moved to another wallet, or asks for more, is nobody's. */
export const stampChange = (hsm: Keystore, change: Omit<Change, 'stamp'>): Promise<Uint8Array> => {
  const { id, walletId, kind, lookup, contact, salt, contents, passwordRef, passwordSecret, envelope, signer } = change
  const from = [change.fromLookup, change.fromVersion]
  const replacement = [lookup, contact, salt, sha256(contents), passwordRef, sha256(passwordSecret)]
  return stampOf(hsm, 'change', id, walletId, kind, ...from, ...replacement, envelope ?? '', signer ?? '')
}

export const isGenuine = async (hsm: Keystore, change: Change): Promise<boolean> =>
  equalBytes(change.stamp, await stampChange(hsm, change))

const columns = sql`
  id, wallet_id as "walletId", from_lookup as "fromLookup", from_version as "fromVersion", kind, lookup, contact, salt, contents, password_ref as "passwordRef",
  password_secret as "passwordSecret", envelope, signer, stamp`

/** False where another change of this wallet asks the ledger already. */
export const insertChange = async (tx: Statements, change: Change): Promise<boolean> =>
  (await tx.run(sql`
    with asked as (
      insert into identity.changes (id, wallet_id, from_lookup, from_version, kind, lookup, contact, kdf_version, salt, contents, password_ref, password_secret, envelope, signer, stamp)
      values (${change.id}, ${change.walletId}, ${change.fromLookup}, ${change.fromVersion}, ${change.kind}, ${change.lookup},
              ${change.contact}, ${KDF_VERSION}, ${change.salt},
              ${change.contents}, ${change.passwordRef}, ${change.passwordSecret}, ${change.envelope}, ${change.signer}, ${change.stamp})
      on conflict do nothing returning wallet_id, kind
    )
    ${appendEvent(changeAsked, {
      subject: sql`wallet_id`,
      detail: sql`jsonb_build_object('kind', kind)`,
      from: sql`asked`,
    })}`)) === 1

/** False where the wallet is another than when its factors were proven: what they ask for comes too late. */
export const holdUnchanged = async (
  tx: Statements,
  { id, lookup, version }: Pick<Wallet, 'id' | 'lookup' | 'version'>,
): Promise<boolean> =>
  (await tx.run(
    sql`select from identity.wallets where id = ${id} and lookup = ${lookup} and version = ${version} for update`,
  )) === 1

/** Whether the ledger is asked for a change of this wallet, or was: until that is known, the wallet stays what it is. */
export const isOnLedger = async (tx: Statements, walletId: string): Promise<boolean> =>
  (await tx.run(sql`select from identity.changes where wallet_id = ${walletId} and kind <> 'address'`)) > 0

/** A recovery that has not ended comes too late for a wallet that was brought back. Answers the key that it lets in. */
export const dropRecovery = async (tx: Statements, walletId: string): Promise<readonly string[]> => {
  const dropped = await tx.many(
    z.object({ signer: z.string() }),
    sql`
      with dropped as (
        delete from identity.changes where wallet_id = ${walletId} and kind = 'recovery' returning wallet_id, kind, signer
      ), told as (
        ${appendEvent(changeDropped, {
          subject: sql`wallet_id`,
          detail: sql`jsonb_build_object('kind', kind)`,
          from: sql`dropped`,
        })}
      )
      select signer from dropped where signer is not null`,
  )
  return dropped.map(({ signer }) => signer)
}

/** One new address waits at a time, the last one that was asked for: and none that was asked for by a password that is no more. */
export const dropAddressChange = (tx: Statements, walletId: string): Promise<number> =>
  tx.run(sql`
    with dropped as (delete from identity.changes where wallet_id = ${walletId} and kind = 'address' returning wallet_id, kind)
    ${appendEvent(changeDropped, {
      subject: sql`wallet_id`,
      detail: sql`jsonb_build_object('kind', kind)`,
      from: sql`dropped`,
    })}`)

export const findAddressChange = (statements: Statements, lookup: Uint8Array): Promise<Change | undefined> =>
  statements.maybe(
    changeRow,
    sql`select ${columns} from identity.changes where lookup = ${lookup} and kind = 'address'`,
  )

/** False where somebody else ended it. */
export const endChange = async (tx: Statements, changeId: string, as: 'applied' | 'dropped'): Promise<boolean> =>
  (await tx.run(sql`
    with ended as (delete from identity.changes where id = ${changeId} returning wallet_id, kind)
    ${appendEvent(as === 'applied' ? changeApplied : changeDropped, {
      subject: sql`wallet_id`,
      detail: sql`jsonb_build_object('kind', kind)`,
      from: sql`ended`,
    })}`)) === 1

/** What a crash left: no request takes a minute. */
export const findUnfinished = (statements: Statements): Promise<readonly Change[]> =>
  statements.many(
    changeRow,
    sql`select ${columns} from identity.changes
         where kind <> 'address' and tried_at < strongroom.now() - interval '1 minute' order by tried_at limit 50`,
  )

/** Behind the others: those that fail each time must not fill every batch. */
export const putOff = (statements: Statements, changeId: string): Promise<number> =>
  statements.run(sql`update identity.changes set tried_at = strongroom.now() where id = ${changeId}`)

/** New addresses that nobody verified in time; answers whose names are to be freed. */
export const purgeAddressChanges = (statements: Statements, kept: number): Promise<readonly { walletId: string }[]> =>
  statements.many(
    z.object({ walletId: z.uuid() }),
    sql`delete from identity.changes where kind = 'address' and created_at < strongroom.now() - make_interval(secs => ${kept})
        returning wallet_id as "walletId"`,
  )
