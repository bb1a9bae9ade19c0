import { toHex } from '@strongroom/crypto'
import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindName } from '../users/names.ts'

const nameRow = z.object({ key: column.bytes, id: z.uuid(), lookup: column.bytes, envelope: column.bytes })

/** What people call their devices. */
export const sealedNames: SealedColumn = {
  name: 'key-shares.devices',
  first: '00',
  rows: (statements) => countRows(statements, sql`key_shares.devices where name is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      nameRow,
      sql`select d.verifying_key as key, u.id, u.lookup, d.name as envelope
            from key_shares.devices as d join key_shares.users as u on u.id = d.user_id
           where d.verifying_key > '\\x04'::bytea || decode(${after}, 'hex') and d.name is not null
           order by d.verifying_key limit ${limit}`,
    )
    return rows.map(({ key, envelope, ...owner }) => ({
      // Without the first byte, which all have: an id of a job has room for no more.
      id: toHex(key.subarray(1)),
      envelope,
      binding: bindName(owner, toHex(key)),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(sql`update key_shares.devices set name = ${envelope}
                          where verifying_key = '\\x04'::bytea || decode(${id}, 'hex') and name = ${old}`)) === 1,
}
