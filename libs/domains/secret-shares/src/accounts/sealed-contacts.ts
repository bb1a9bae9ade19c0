import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindValue } from './names.ts'
import { placeOf } from './store.ts'

const contactRow = z.object({ id: z.uuid(), lookup: column.bytes, primaryDid: z.string(), envelope: column.bytes })

/** Whose records these are. */
export const sealedContacts: SealedColumn = {
  name: 'secret-shares.contacts',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`secret_shares.accounts`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      contactRow,
      sql`select id, lookup, primary_did as "primaryDid", contact as envelope
            from secret_shares.accounts where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ id, envelope, ...account }) => ({
      id,
      envelope,
      binding: bindValue(placeOf({ id, ...account }), { purpose: 'contact' }),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update secret_shares.accounts set contact = ${envelope} where id = ${id} and contact = ${old}`,
    )) === 1,
}
