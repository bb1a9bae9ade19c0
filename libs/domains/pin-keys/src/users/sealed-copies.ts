import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindCopy } from './recovery-copy.ts'

const copyRow = z.object({ keyId: z.uuid(), envelope: column.bytes })

/** Copies for the recovery token, as the app's own tokens sealed them: what is inside stays closed to all of these. */
export const sealedCopies: SealedColumn = {
  name: 'pin-keys.recovery-copies',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`pin_keys.recovery_copies`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      copyRow,
      sql`select key_id as "keyId", envelope from pin_keys.recovery_copies
           where key_id > ${after}::uuid order by key_id limit ${limit}`,
    )
    return rows.map(({ keyId, envelope }) => ({ id: keyId, envelope, binding: bindCopy(keyId, 'recovery-copy') }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update pin_keys.recovery_copies set envelope = ${envelope} where key_id = ${id} and envelope = ${old}`,
    )) === 1,
}
