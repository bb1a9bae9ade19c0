import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindAsker } from './request.ts'

const row = z.object({ id: z.uuid(), accountId: z.uuid(), appId: z.uuid(), envelope: column.bytes })

/** Who asked for a second factor, and from where. */
export const sealedAskers: SealedColumn = {
  name: 'chain-accounts.askers',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`chain_accounts.two_factor_requests where asker is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      row,
      sql`select r.id, r.account_id as "accountId", a.app_id as "appId", r.asker as envelope
            from chain_accounts.two_factor_requests as r join chain_accounts.accounts as a on a.id = r.account_id
           where r.id > ${after}::uuid and r.asker is not null order by r.id limit ${limit}`,
    )
    return rows.map(({ id, accountId, appId, envelope }) => ({
      id,
      envelope,
      binding: bindAsker({ id: accountId, appId }, id),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(sql`
      update chain_accounts.two_factor_requests set asker = ${envelope} where id = ${id} and asker = ${old}`)) === 1,
}
