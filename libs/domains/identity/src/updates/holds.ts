import { appendEvent } from '@strongroom/audit'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { holdShredded } from '../wallets/events.ts'
import type { Wallet } from '../wallets/store.ts'

/** Keeps what a KYC recovery replaces, sealed as it is, under the id and address that it had. */
export const holdWallet = (
  tx: Statements,
  { id, lookup, contact }: Pick<Wallet, 'id' | 'lookup' | 'contact'>,
  { signer, seconds }: { signer: string; seconds: number },
): Promise<number> =>
  tx.run(sql`
    insert into identity.holds (id, wallet_id, lookup, contact, kdf_version, salt, contents, password_ref, password_secret, signer, ends_at)
    select gen_random_uuid(), w.id, ${lookup}, ${contact}, w.kdf_version, w.salt, w.contents, f.ref, f.secret, ${signer},
           strongroom.now() + make_interval(secs => ${seconds})
      from identity.wallets w join identity.factors f on f.wallet_id = w.id and f.type = 'password'
     where w.id = ${id}
    on conflict (lookup) do update set ends_at = excluded.ends_at, signer = excluded.signer`)

const holdRow = z.object({
  id: z.uuid(),
  walletId: z.uuid(),
  accountId: z.string(),
  lookup: column.bytes,
  contact: column.bytes,
  salt: column.bytes,
  contents: column.bytes,
  passwordRef: z.uuid(),
  passwordSecret: column.bytes,
  signer: z.string(),
})
export type Hold = z.output<typeof holdRow>

export const findHold = (statements: Statements, lookup: Uint8Array): Promise<Hold | undefined> =>
  statements.maybe(
    holdRow,
    sql`
      select h.id, h.wallet_id as "walletId", w.account_id as "accountId", h.lookup, h.contact, h.salt, h.contents,
             h.password_ref as "passwordRef", h.password_secret as "passwordSecret", h.signer
        from identity.holds h join identity.wallets w on w.id = h.wallet_id
       where h.lookup = ${lookup} and h.ends_at > strongroom.now()`,
  )

/** Everything that is kept of a wallet ends when it was brought back. */
export const dropHolds = (tx: Statements, walletId: string): Promise<number> =>
  tx.run(sql`delete from identity.holds where wallet_id = ${walletId}`)

/** What nobody brought back in time; answers whose names are to be freed. */
export const shredHolds = (statements: Statements): Promise<readonly { walletId: string }[]> =>
  statements.many(
    z.object({ walletId: z.uuid() }),
    sql`
      with shredded as (delete from identity.holds where ends_at <= strongroom.now() returning wallet_id),
           told as (${appendEvent(holdShredded, { subject: sql`wallet_id`, detail: sql`'{}'::jsonb`, from: sql`shredded` })})
      select wallet_id as "walletId" from shredded`,
  )
