import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindContents } from './contents.ts'

const walletRow = z.object({
  id: z.uuid(),
  lookup: column.bytes,
  contact: column.bytes,
  accountId: z.string(),
  envelope: column.bytes,
})

/** What wallets hold. */
export const sealedContents: SealedColumn = {
  name: 'identity.wallets',
  first: BEFORE_EVERY_UUID,
  pageSize: 20,
  rows: (statements) => countRows(statements, sql`identity.wallets`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      walletRow,
      sql`select id, lookup, contact, account_id as "accountId", contents as envelope
            from identity.wallets where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ envelope, ...place }) => ({ id: place.id, envelope, binding: bindContents(place) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update identity.wallets set contents = ${envelope} where id = ${id} and contents = ${old}`,
    )) === 1,
}
