import { recordEvent } from '@strongroom/audit'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import type { Committing } from './commit.ts'
import { saleKept } from './events.ts'
import type { Reading } from './read-accounts.ts'
import { isStamp, saleStamp } from './stamps.ts'

const saleRow = z.object({ owner: z.string(), stamp: column.bytes })

/** A row without its stamp makes nobody an owner. */
export async function findSaleOwner(deps: Reading, id: string): Promise<string | undefined> {
  const { database, hsm, tellForged } = deps
  const found = await database.reading.maybe(
    saleRow,
    sql`select owner, stamp from identity.ledger_sales where id = ${id}`,
  )
  if (!found) return undefined
  const { owner, stamp } = found
  if (isStamp(stamp, await saleStamp(hsm, { id, owner }))) return owner
  await tellForged({ account: owner, kind: 'sale', row: id, stamp })
  return undefined
}

/** A sale, or another owner of one. For operators: the embedded ledger has no transaction for it. */
export async function keepSale(
  { database, hsm }: Pick<Committing, 'database' | 'hsm'>,
  { id, owner }: { id: string; owner: string },
): Promise<void> {
  const stamp = await saleStamp(hsm, { id, owner })
  await database.transaction(async (tx) => {
    await tx.run(sql`
      insert into identity.ledger_sales (id, owner, stamp) values (${id}, ${owner}, ${stamp})
      on conflict (id) do update set owner = excluded.owner, stamp = excluded.stamp`)
    await recordEvent(tx, saleKept, { subject: owner, detail: { sale: id } })
  })
}
