import { fromHex, toHex } from '@strongroom/crypto'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { ChainOwner } from './chain.ts'
import type { Head } from './head.ts'

/** ISO 8601 in UTC with milliseconds: text, so that an altered column cannot fail to parse. */
export const instantText = sql`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`

const unsigned = z.object({ position: column.count, hash: column.bytes, at: z.string() })

/** The chain's end, unless it is signed already. */
export const readUnsignedTip = (database: Statements): Promise<z.output<typeof unsigned> | undefined> =>
  database.maybe(
    unsigned,
    sql`
    select position, hash, to_char(strongroom.now() at time zone 'UTC', ${instantText}) as at
      from (select position, hash from audit.links order by position desc limit 1) as tip
     where position > coalesce((select max(position) from audit.heads), 0)`,
  )

/** Does nothing where another process signed the same position first. */
export const insertHead = (database: Statements, head: Head): Promise<number> =>
  database.run(sql`
    insert into audit.heads (position, hash, at, key, signature)
    values (${head.position}, ${fromHex(head.hash)}, ${head.at}, ${head.key}, ${fromHex(head.signature)})
    on conflict (position) do nothing`)

const headRow = z.object({
  position: column.count,
  hash: column.bytes,
  at: z.string(),
  key: z.string(),
  signature: column.bytes,
})

/** Heads of that key after a position, in order. Those of a key before it are covered by the ones that follow. */
export async function readHeads(
  database: Statements,
  owner: ChainOwner,
  { after, key, limit }: { after: number; key: string; limit: number },
): Promise<Head[]> {
  const rows = await database.many(
    headRow,
    sql`
    select position, hash, to_char(at at time zone 'UTC', ${instantText}) as at, key, signature
      from audit.heads where position > ${after} and key = ${key} order by position limit ${limit}`,
  )
  return rows.map((row) => ({ ...owner, ...row, hash: toHex(row.hash), signature: toHex(row.signature) }))
}

export async function readDelivered(database: Statements, sink: string): Promise<number> {
  const { position } = await database.one(
    z.object({ position: column.count }),
    sql`select coalesce(max(position), 0) as position from audit.deliveries where sink = ${sink}`,
  )
  return position
}

export const recordDelivery = (database: Statements, sink: string, position: number): Promise<number> =>
  database.run(
    sql`insert into audit.deliveries (sink, position) values (${sink}, ${position}) on conflict (sink, position) do nothing`,
  )

/** Whether the chain has that very hash at that position. */
export async function hasLink(database: Statements, { position, hash }: Head): Promise<boolean> {
  const found = await database.maybe(
    z.object({ position: column.count }),
    sql`select position from audit.links where position = ${position} and hash = ${fromHex(hash)}`,
  )
  return found !== undefined
}
