import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindValue } from './names.ts'
import { placeOf } from './store.ts'

const emailRow = z.object({ id: z.uuid(), lookup: column.bytes, primaryDid: z.string(), envelope: column.bytes })

/** Addresses that a recovery is mailed to. */
export const sealedRecoveryEmails: SealedColumn = {
  name: 'secret-shares.recovery-emails',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`secret_shares.accounts where recovery_email is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      emailRow,
      sql`select id, lookup, primary_did as "primaryDid", recovery_email as envelope from secret_shares.accounts
           where id > ${after}::uuid and recovery_email is not null order by id limit ${limit}`,
    )
    return rows.map(({ id, envelope, ...account }) => ({
      id,
      envelope,
      binding: bindValue(placeOf({ id, ...account }), { purpose: 'recovery-email' }),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update secret_shares.accounts set recovery_email = ${envelope} where id = ${id} and recovery_email = ${old}`,
    )) === 1,
}
