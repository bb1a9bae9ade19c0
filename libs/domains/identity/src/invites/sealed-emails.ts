import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { inviteTypes } from './contract.ts'
import { bindInvite } from './names.ts'

const inviteRow = z.object({
  id: column.count,
  type: z.enum(inviteTypes),
  sale: z.string(),
  contact: column.bytes,
  envelope: column.bytes,
})

/** Whom invites are mailed to. */
export const sealedEmails: SealedColumn = {
  name: 'identity.invites',
  first: '0',
  rows: (statements) => countRows(statements, sql`identity.invites`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      inviteRow,
      sql`select id, type, sale, contact, email as envelope
            from identity.invites where id > ${after}::bigint order by id limit ${limit}`,
    )
    return rows.map(({ id, envelope, ...place }) => ({ id: String(id), envelope, binding: bindInvite(place) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update identity.invites set email = ${envelope} where id = ${id}::bigint and email = ${old}`,
    )) === 1,
}
