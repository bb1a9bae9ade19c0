import { fromUtf8 } from '@strongroom/crypto'
import { BEFORE_EVERY_UUID, countRows, type MacColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindContact, LOOKUP_BYTES, macsOfUser, USER_ID_USE } from './identify.ts'
import { UserId } from './user-id.ts'

const userRow = z.object({
  id: z.uuid(),
  keyId: z.uuid(),
  subject: z.string(),
  contact: column.bytes,
  finder: column.bytes,
})

/** By what users are found, computed of their sealed addresses. */
export const indexedUsers: MacColumn = {
  name: 'pin-keys.users',
  use: USER_ID_USE,
  first: BEFORE_EVERY_UUID,
  rows: (statements, version) => countRows(statements, sql`pin_keys.users where finder_version = ${version}`),
  async page(statements, { after, limit, except }) {
    const rows = await statements.many(
      userRow,
      sql`select id, key_id as "keyId", encode(lookup, 'hex') as subject, contact, finder from pin_keys.users
           where finder_version <> ${except} and id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ id, keyId, subject, contact, finder }) => ({
      id,
      owner: keyId,
      envelope: contact,
      binding: bindContact({ keyId, userId: id, subject }),
      index: finder,
    }))
  },
  compute: (hsm, opened, { owner }) => macsOfUser(hsm, owner, UserId.parse(fromUtf8(opened.expose()))),
  replace: async (database, { id, index }, { mac, version }) =>
    (await database.run(sql`
      update pin_keys.users set finder = ${mac.subarray(0, LOOKUP_BYTES)}, finder_version = ${version}
       where id = ${id} and finder = ${index}`)) === 1,
}
