import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindBlob } from './content.ts'
import { typeOfRow } from './store.ts'

const blobRow = z.object({
  id: z.string(),
  owner: z.string(),
  type: typeOfRow,
  bringer: column.bytes.nullable(),
  envelope: column.bytes,
})

/** Private blobs: few in a page, since each may be large. */
export const sealedBlobs: SealedColumn = {
  name: 'identity.blobs',
  first: '0',
  pageSize: 4,
  rows: (statements) => countRows(statements, sql`identity.blobs where envelope is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      blobRow,
      sql`select id, owner, type, bringer, envelope from identity.blobs
           where id > ${after} and envelope is not null order by id limit ${limit}`,
    )
    return rows.map(({ envelope, ...blob }) => ({ id: blob.id, envelope, binding: bindBlob(blob) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update identity.blobs set envelope = ${envelope} where id = ${id} and envelope = ${old}`,
    )) === 1,
}
