import { fromUtf8 } from '@strongroom/crypto'
import { BEFORE_EVERY_UUID, countRows, macColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindContact, indexUser, USER_ID_USE } from './identify.ts'
import { UserId } from './user-id.ts'

const userRow = z.object({
  userId: z.uuid(),
  keyId: z.uuid(),
  subject: z.string(),
  contact: column.bytes,
  finder: column.bytes,
})

/** By what users are found, computed of their sealed addresses. */
export const indexedUsers = macColumn<z.output<typeof userRow>>({
  name: 'pin-keys.users',
  use: USER_ID_USE,
  first: BEFORE_EVERY_UUID,
  rows: (statements, version) => countRows(statements, sql`pin_keys.users where finder_version = ${version}`),
  page: (statements, { after, limit, except }) =>
    statements.many(
      userRow,
      sql`select id as "userId", key_id as "keyId", encode(lookup, 'hex') as subject, contact, finder from pin_keys.users
           where finder_version <> ${except} and id > ${after}::uuid order by id limit ${limit}`,
    ),
  idOf: ({ userId }) => userId,
  /** The contact opens for this row, key and name alone: so the stamp vouches for nothing that somebody moved here. */
  async rebuild({ database, hsm }, row) {
    const opened = await hsm.open(row.contact, bindContact(row))
    const index = await indexUser(hsm, row, UserId.parse(fromUtf8(opened.expose()))).finally(() => opened.wipe())
    if (index === undefined) return
    await database.run(sql`
      update pin_keys.users set finder = ${index.finder}, name_stamp = ${index.stamp}, finder_version = ${index.version}
       where id = ${row.userId} and finder = ${row.finder} and contact = ${row.contact}`)
  },
})
