import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const heldRow = z.object({ id: z.uuid(), accountId: z.uuid(), lookup: column.bytes, shareVersion: column.count })
export type HeldRow = z.output<typeof heldRow>

export interface Wanted {
  readonly did: string
  readonly lookup: Uint8Array | undefined
  readonly version: number | undefined
}

/** The latest copy of each record that the DID may bring back, as it was at the version where one is named. */
export const findHeld = (tx: Statements, { did, lookup, version }: Wanted): Promise<readonly HeldRow[]> =>
  tx.many(
    heldRow,
    sql`select distinct on (account_id) id, account_id as "accountId", lookup, share_version as "shareVersion"
          from secret_shares.held
         where did = ${did} and restorable and until > strongroom.now()
           and (${lookup ?? null}::bytea is null or lookup = ${lookup ?? null})
           and (${version ?? null}::int is null or share_version = ${version ?? null})
         order by account_id, held_at desc, id`,
  )

const inTheWay = z.object({ id: z.uuid(), isOlder: z.boolean() })

/**
 * The record that the copy was made of, and one that stands under its contact, which is older where it had the contact
 * first. Nobody changes them meanwhile.
 */
export const findInTheWay = (tx: Statements, { id: heldId, accountId, lookup }: HeldRow) =>
  tx.many(
    inTheWay,
    sql`select a.id, a.id <> ${accountId} and coalesce(
                 (select min(at) from secret_shares.logins as l where l.account_id = a.id) <
                 (select min((l ->> 'at')::timestamptz)
                    from secret_shares.held as h, jsonb_array_elements(h.record -> 'logins') as l where h.id = ${heldId}),
                 false) as "isOlder"
          from secret_shares.accounts as a
         where a.id = ${accountId} or a.lookup = ${lookup} order by a.id for update of a`,
  )

/** The last version that was ever given out: no number means two shares. */
export const findLastVersion = async (tx: Statements, accountId: string): Promise<number> =>
  (
    await tx.one(
      z.object({ last: column.count }),
      sql`select greatest(
            (select max((record -> 'account' ->> 'last_version')::int) from secret_shares.held where account_id = ${accountId}),
            (select last_version from secret_shares.accounts where id = ${accountId})) as last`,
    )
  ).last

/** Puts the rows of a copy back as they were. */
export async function putBack(tx: Statements, heldId: string, lastVersion: number): Promise<void> {
  const rows = (table: string) => sql`(select record -> ${table}::text from secret_shares.held where id = ${heldId})`
  await tx.run(sql`
    insert into secret_shares.accounts
    select (jsonb_populate_record(null::secret_shares.accounts,
              ${rows('account')} || jsonb_build_object('last_version', ${lastVersion}::int))).*`)
  await tx.run(
    sql`insert into secret_shares.logins select * from jsonb_populate_recordset(null::secret_shares.logins, ${rows('logins')})`,
  )
  await tx.run(
    sql`insert into secret_shares.shares select * from jsonb_populate_recordset(null::secret_shares.shares, ${rows('shares')})`,
  )
  await tx.run(
    sql`insert into secret_shares.recovery_methods overriding system value
        select * from jsonb_populate_recordset(null::secret_shares.recovery_methods, ${rows('methods')})`,
  )
}
