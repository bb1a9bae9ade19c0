import { BEFORE_EVERY_UUID, countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindingOfRelayer } from './relayer.ts'

const sealedRow = z.object({ id: z.uuid(), chain: z.string(), envelope: column.bytes })

/** The gas keys. */
export const relayerKeys: SealedColumn = {
  name: 'chains.relayers',
  first: BEFORE_EVERY_UUID,
  rows: (statements) => countRows(statements, sql`chains.relayers`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      sealedRow,
      sql`select id, chain, envelope from chains.relayers where id > ${after}::uuid order by id limit ${limit}`,
    )
    return rows.map(({ id, chain, envelope }) => ({ id, envelope, binding: bindingOfRelayer({ id, chain }) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update chains.relayers set envelope = ${envelope} where id = ${id} and envelope = ${old}`,
    )) === 1,
}
