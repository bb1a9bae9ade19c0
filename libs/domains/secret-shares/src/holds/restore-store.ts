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

/** The last version that was ever given out: no number means two shares. None where nothing is left of the record. */
export const findLastVersion = async (tx: Statements, accountId: string): Promise<number | null> =>
  (
    await tx.one(
      z.object({ last: column.count.nullable() }),
      sql`select greatest(
            (select max((record -> 'account' ->> 'last_version')::int) from secret_shares.held where account_id = ${accountId}),
            (select last_version from secret_shares.accounts where id = ${accountId})) as last`,
    )
  ).last

/** Puts the rows of a copy back as they were, by one statement: it may be shredded. False where it was. */
export const putBack = async (tx: Statements, heldId: string, lastVersion: number): Promise<boolean> =>
  (await tx.run(sql`
    with copy as (
      select record from secret_shares.held where id = ${heldId}
    ), account as (
      insert into secret_shares.accounts
      select (jsonb_populate_record(null::secret_shares.accounts,
                record -> 'account' || jsonb_build_object('last_version', ${lastVersion}::int))).* from copy
      returning id
    ), logins as (
      insert into secret_shares.logins
      select l.* from copy, jsonb_populate_recordset(null::secret_shares.logins, record -> 'logins') as l
    ), shares as (
      insert into secret_shares.shares
      select s.* from copy, jsonb_populate_recordset(null::secret_shares.shares, record -> 'shares') as s
    ), methods as (
      insert into secret_shares.recovery_methods overriding system value
      select m.* from copy, jsonb_populate_recordset(null::secret_shares.recovery_methods, record -> 'methods') as m
    )
    select id from account`)) === 1
