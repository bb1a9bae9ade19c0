import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindSetting } from './value.ts'

const settingRow = z.object({ accountId: z.string(), key: z.string(), envelope: column.bytes })

/** All settings of an account in one page. */
export const sealedSettings: SealedColumn = {
  name: 'identity.settings',
  first: '0',
  pageSize: 10,
  rows: (statements) => countRows(statements, sql`identity.settings`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      settingRow,
      sql`select account_id as "accountId", key, envelope from identity.settings
           where account_id in (select distinct account_id from identity.settings
                                 where account_id > ${after} order by account_id limit ${limit})
           order by account_id, key`,
    )
    return rows.map(({ envelope, ...place }) => ({ id: place.accountId, envelope, binding: bindSetting(place) }))
  },
  replace: async ({ database }, { id, binding, envelope: old }, envelope) =>
    (await database.run(sql`update identity.settings set envelope = ${envelope}
                          where account_id = ${id} and account_id || '/' || key = ${binding.row} and envelope = ${old}`)) ===
    1,
}
