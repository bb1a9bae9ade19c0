import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindKey } from '../pins/rules.ts'

const keyRow = z.object({ id: z.uuid(), pinEpoch: column.count, envelope: column.bytes })

/** The keys behind PINs: a further recipient needs none. */
export const sealedKeys: SealedColumn = {
  name: 'pin-keys.keys',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`pin_keys.keys`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      keyRow,
      sql`select id, pin_epoch as "pinEpoch", envelope from pin_keys.keys
           where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ id, pinEpoch, envelope }) => ({ id, envelope, binding: bindKey({ keyId: id, pinEpoch }) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update pin_keys.keys set envelope = ${envelope} where id = ${id} and envelope = ${old}`,
    )) === 1,
}
