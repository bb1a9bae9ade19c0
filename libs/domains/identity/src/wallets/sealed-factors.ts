import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindFactor } from './contents.ts'

const factorRow = z.object({
  id: column.count,
  ref: z.string(),
  type: z.string(),
  walletId: z.uuid(),
  accountId: z.string(),
  envelope: column.bytes,
})

/** Secrets of factors. */
export const sealedFactors: SealedColumn = {
  name: 'identity.factors',
  first: '0',
  rows: (statements) => countRows(statements, sql`identity.factors where secret is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      factorRow,
      sql`select f.id, f.ref, f.type, w.id as "walletId", w.account_id as "accountId", f.secret as envelope
            from identity.factors as f join identity.wallets as w on w.id = f.wallet_id
           where f.id > ${after}::bigint and f.secret is not null order by f.id limit ${limit}`,
    )
    return rows.map(({ id, ref, type, walletId, accountId, envelope }) => ({
      id: String(id),
      envelope,
      binding: bindFactor({ wallet: { id: walletId, accountId }, ref, type }),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update identity.factors set secret = ${envelope} where id = ${id}::bigint and secret = ${old}`,
    )) === 1,
}
