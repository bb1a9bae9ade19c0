import { appendEvent } from '@strongroom/audit'
import { equalBytes, randomUuid, type RandomSource } from '@strongroom/crypto'
import { type Keystore, Unopenable } from '@strongroom/hsm'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { holdShredded } from '../wallets/events.ts'
import { stampOf } from '../wallets/names.ts'
import { passwordOf, type Wallet } from '../wallets/store.ts'

/** What a KYC recovery replaces, under the id and address that it had, and the key that it let in. */
export interface NewHold extends HoldFacts {
  readonly stamp: Uint8Array
}

type HoldFacts = Pick<Hold, 'id' | 'walletId' | 'accountId' | 'lookup' | 'contact' | 'salt' | 'passwordRef' | 'signer'>

/** By which the token knows its own: one that was moved to another wallet, or names another key, brings nothing back. */
const stampHold = (hsm: Keystore, hold: HoldFacts): Promise<Uint8Array> => {
  const { id, walletId, accountId, lookup, contact, salt, passwordRef, signer } = hold
  return stampOf(hsm, 'hold', id, walletId, accountId, lookup, contact, salt, passwordRef, signer)
}

export async function prepareHold(
  { hsm, random }: { hsm: Keystore; random: RandomSource },
  wallet: Wallet,
  signer: string,
): Promise<NewHold> {
  const { id: walletId, accountId, lookup, contact, salt } = wallet
  const { ref: passwordRef } = passwordOf(wallet)
  const hold = { id: randomUuid(random), walletId, accountId, lookup, contact, salt, passwordRef, signer }
  return { ...hold, stamp: await stampHold(hsm, hold) }
}

/** Sealed as it is, while the wallet's row is held. A wallet may have come back to an id that is held: what it is now counts. */
export const holdWallet = (tx: Statements, hold: NewHold, seconds: number): Promise<number> =>
  tx.run(sql`
    insert into identity.holds (id, wallet_id, lookup, contact, kdf_version, salt, contents, password_ref, password_secret, signer, stamp, ends_at)
    select ${hold.id}, w.id, ${hold.lookup}, ${hold.contact}, w.kdf_version, ${hold.salt}, w.contents, f.ref, f.secret,
           ${hold.signer}, ${hold.stamp}, strongroom.now() + make_interval(secs => ${seconds})
      from identity.wallets w join identity.factors f on f.wallet_id = w.id and f.ref = ${hold.passwordRef}
     where w.id = ${hold.walletId}
    on conflict (lookup) do update
       set id = excluded.id, wallet_id = excluded.wallet_id, contact = excluded.contact, kdf_version = excluded.kdf_version,
           salt = excluded.salt, contents = excluded.contents, password_ref = excluded.password_ref,
           password_secret = excluded.password_secret, signer = excluded.signer, stamp = excluded.stamp, ends_at = excluded.ends_at`)

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
  stamp: column.bytes,
})
export type Hold = z.output<typeof holdRow>

const columns = sql`
  h.id, h.wallet_id as "walletId", w.account_id as "accountId", h.lookup, h.contact, h.salt, h.contents,
  h.password_ref as "passwordRef", h.password_secret as "passwordSecret", h.signer, h.stamp`

/** @throws Unopenable where its row was written past us. */
export async function findHold(
  { database, hsm }: { database: Statements; hsm: Keystore },
  lookup: Uint8Array,
): Promise<Hold | undefined> {
  const hold = await database.maybe(
    holdRow,
    sql`select ${columns} from identity.holds h join identity.wallets w on w.id = h.wallet_id
         where h.lookup = ${lookup} and h.ends_at > strongroom.now()`,
  )
  if (hold && !equalBytes(hold.stamp, await stampHold(hsm, hold))) throw new Unopenable()
  return hold
}

/** The keys that recoveries of a wallet let in, those of one after the other. */
export async function findLetIn(
  { database, hsm }: { database: Statements; hsm: Keystore },
  walletId: string,
): Promise<readonly string[]> {
  const holds = await database.many(
    holdRow,
    sql`select ${columns} from identity.holds h join identity.wallets w on w.id = h.wallet_id where h.wallet_id = ${walletId}`,
  )
  const genuine = await Promise.all(holds.map(async (hold) => equalBytes(hold.stamp, await stampHold(hsm, hold))))
  return holds.filter((_, index) => genuine[index]).map(({ signer }) => signer)
}

/** Everything that is kept of a wallet ends when it was brought back. Answers the keys that were let in. */
export const dropHolds = async (tx: Statements, walletId: string): Promise<readonly string[]> => {
  const dropped = await tx.many(
    z.object({ signer: z.string() }),
    sql`delete from identity.holds where wallet_id = ${walletId} returning signer`,
  )
  return dropped.map(({ signer }) => signer)
}

/** What nobody brought back in time; answers whose names are to be freed. */
export const shredHolds = (statements: Statements): Promise<readonly { walletId: string }[]> =>
  statements.many(
    z.object({ walletId: z.uuid() }),
    sql`
      with shredded as (delete from identity.holds where ends_at <= strongroom.now() returning wallet_id),
           told as (${appendEvent(holdShredded, { subject: sql`wallet_id`, detail: sql`'{}'::jsonb`, from: sql`shredded` })})
      select wallet_id as "walletId" from shredded`,
  )
