import { equalBytes } from '@strongroom/crypto'
import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindIdentity, stampIdentity } from './names.ts'
import { findIdentity } from './store.ts'

const contentsRow = z.object({ id: z.uuid(), address: z.string(), envelope: column.bytes })

/** Whose accounts these are. The stamp covers the envelope: it is made anew, of a row that was genuine. */
export const sealedIdentities: SealedColumn = {
  name: 'identity.identities',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`identity.identities`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      contentsRow,
      sql`select id, address, contents as envelope
            from identity.identities where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ envelope, ...place }) => ({ id: place.id, envelope, binding: bindIdentity(place) }))
  },
  async replace({ database, hsm }, { id, envelope: old }, envelope) {
    const identity = await findIdentity({ database, hsm }, { id })
    if (!identity || !equalBytes(identity.contents, old)) return false
    const stamp = await stampIdentity(hsm, { ...identity, contents: envelope })
    const replaced = await database.run(sql`
      update identity.identities set contents = ${envelope}, stamp = ${stamp}
       where id = ${id} and version = ${identity.version} and contents = ${old}`)
    return replaced === 1
  },
}
