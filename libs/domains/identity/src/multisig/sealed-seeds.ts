import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindSeed } from './store.ts'

const seedRow = z.object({ id: z.uuid(), account: z.string(), envelope: column.bytes })

/** Seeds, issued by one token and wrapped anew by each other one. */
export const sealedSeeds: SealedColumn = {
  name: 'identity.stored-signers',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`identity.stored_signers`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      seedRow,
      sql`select id, account, envelope from identity.stored_signers
           where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ envelope, ...place }) => ({ id: place.id, envelope, binding: bindSeed(place) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update identity.stored_signers set envelope = ${envelope} where id = ${id} and envelope = ${old}`,
    )) === 1,
}
