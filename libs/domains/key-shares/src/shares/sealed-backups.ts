import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindBackup } from '../users/names.ts'

/** Sorts before no id for certain: keys have names that others chose. */
const FROM_THE_BEGINNING = '-'

const backupRow = z.object({
  keyId: z.string(),
  version: column.count,
  id: z.uuid(),
  lookup: column.bytes,
  envelope: column.bytes,
})

/** Key shares, every version that is kept: those of one key in a page, since each may have a MiB. */
export const sealedBackups: SealedColumn = {
  name: 'key-shares.backups',
  first: FROM_THE_BEGINNING,
  pageSize: 1,
  rows: (statements) => countRows(statements, sql`key_shares.backups where published_at is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      backupRow,
      sql`select b.key_id as "keyId", b.version, u.id, u.lookup, b.envelope
            from key_shares.backups as b
            join key_shares.keys as k on k.key_id = b.key_id
            join key_shares.users as u on u.id = k.user_id
           where b.published_at is not null and b.key_id in (
             select distinct key_id from key_shares.backups
              where published_at is not null and ${after === FROM_THE_BEGINNING ? sql`true` : sql`key_id > ${after}`}
              order by key_id limit ${limit})
           order by b.key_id, b.version`,
    )
    return rows.map(({ keyId, version, envelope, ...owner }) => ({
      id: keyId,
      envelope,
      binding: bindBackup(owner, { keyId, version }),
    }))
  },
  replace: async ({ database }, { id, binding, envelope: old }, envelope) =>
    (await database.run(sql`update key_shares.backups set envelope = ${envelope}
                          where key_id = ${id} and version = ${binding.version} and envelope = ${old}`)) === 1,
}
