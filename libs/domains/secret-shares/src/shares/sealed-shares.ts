import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindValue } from '../accounts/names.ts'
import { placeOf } from '../accounts/store.ts'

const shareRow = z.object({
  id: z.uuid(),
  lookup: column.bytes,
  primaryDid: z.string(),
  version: column.count,
  envelope: column.bytes,
})

/** The shares that are served, and those before them: all of one record in one page. */
export const sealedShares: SealedColumn = {
  name: 'secret-shares.shares',
  first: BEFORE_EVERY_UUID,
  pageSize: 20,
  rows: (statements) => countRows(statements, sql`secret_shares.shares`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      shareRow,
      sql`select a.id, a.lookup, a.primary_did as "primaryDid", s.version, s.envelope
            from secret_shares.shares as s join secret_shares.accounts as a on a.id = s.account_id
           where a.id in (select distinct account_id from secret_shares.shares
                         where account_id > ${after}::uuid order by account_id limit ${limit})
           order by a.id, s.version`,
    )
    return rows.map(({ id, version, envelope, ...account }) => ({
      id,
      envelope,
      binding: bindValue(placeOf({ id, ...account }), { purpose: 'auth-share', which: String(version) }),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update secret_shares.shares set envelope = ${envelope} where account_id = ${id} and envelope = ${old}`,
    )) === 1,
}
