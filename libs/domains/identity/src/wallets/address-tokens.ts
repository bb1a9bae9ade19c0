import { toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { Policies } from '../policies.ts'
import { linkToken } from './names.ts'
import { isToken } from './verification-link.ts'

interface TokenDeps {
  readonly database: Database
  readonly hsm: Keystore
}

/** Of when a token was given, in milliseconds, hex: what stands before the MAC. */
const TIME_DIGITS = 12
const given = new RegExp(`^[0-9a-f]{${String(TIME_DIGITS)}}(?=[0-9a-f]{64}$)`)

/** Good for a wallet that is yet to be made with an address that somebody else has verified; for a while, and once. */
export async function tokenOfAddress({ database, hsm }: TokenDeps, contact: Uint8Array): Promise<string> {
  const { now } = await database.one(
    z.object({ now: column.count }),
    sql`select floor(extract(epoch from strongroom.now()) * 1000)::bigint as now`,
  )
  return tokenAt(hsm, contact, now.toString(16).padStart(TIME_DIGITS, '0'))
}

const tokenAt = async (hsm: Keystore, contact: Uint8Array, time: string): Promise<string> =>
  `${time}${await linkToken(hsm, 'address', toHex(contact), time)}`

/** Whether a token proves an address: the token's own time, not over, and nobody proved the address since. */
export async function provesAddress(
  { database, hsm, policies }: TokenDeps & { readonly policies: Pick<Policies, 'addressTokens'> },
  contact: Uint8Array,
  token: string,
): Promise<boolean> {
  const time = given.exec(token)?.[0]
  if (time === undefined || !isToken(token, await tokenAt(hsm, contact, time))) return false
  const { good } = await database.one(
    z.object({ good: z.boolean() }),
    sql`select t.at > strongroom.now() - make_interval(secs => ${policies.addressTokens})
               and not exists (select from identity.proven_addresses p where p.contact = ${contact} and p.proven_at >= t.at) as good
          from (select to_timestamp(${Number.parseInt(time, 16)}::double precision / 1000) as at) as t`,
  )
  return good
}

/** In the transaction in which a wallet has it, verified: tokens that were given before prove it no more. */
export const noteProven = (tx: Statements, contact: Uint8Array): Promise<number> =>
  tx.run(sql`
    insert into identity.proven_addresses (contact, proven_at) values (${contact}, strongroom.now())
    on conflict (contact) do update set proven_at = excluded.proven_at`)

/** Those that void no token which is not over. */
export const purgeProvenAddresses = (
  statements: Statements,
  { addressTokens }: Pick<Policies, 'addressTokens'>,
): Promise<number> =>
  statements.run(sql`
    delete from identity.proven_addresses where proven_at < strongroom.now() - make_interval(secs => ${addressTokens})`)
