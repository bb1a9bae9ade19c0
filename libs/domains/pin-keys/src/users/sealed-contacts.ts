import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindContact } from './identify.ts'

const contactRow = z.object({ userId: z.uuid(), keyId: z.uuid(), subject: z.string(), envelope: column.bytes })

/** The addresses of users. */
export const sealedContacts: SealedColumn = {
  name: 'pin-keys.users',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`pin_keys.users`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      contactRow,
      sql`select id as "userId", key_id as "keyId", encode(lookup, 'hex') as subject, contact as envelope
            from pin_keys.users
           where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ envelope, ...place }) => ({ id: place.userId, envelope, binding: bindContact(place) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(sql`update pin_keys.users set contact = ${envelope} where id = ${id} and contact = ${old}`)) ===
    1,
}
