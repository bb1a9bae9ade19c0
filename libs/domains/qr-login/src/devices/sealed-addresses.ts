import { toHex } from '@strongroom/crypto'
import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindAddress } from './address.ts'

const deviceRow = z.object({ accountId: z.string(), lookup: column.bytes, envelope: column.bytes })

/** Where devices are told. */
export const sealedAddresses: SealedColumn = {
  name: 'qr-login.devices',
  first: '00',
  rows: (statements) => countRows(statements, sql`qr_login.devices`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      deviceRow,
      sql`select account_id as "accountId", lookup, address as envelope from qr_login.devices
           where lookup > decode(${after}, 'hex') order by lookup limit ${limit}`,
    )
    return rows.map(({ envelope, ...place }) => ({ id: toHex(place.lookup), envelope, binding: bindAddress(place) }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update qr_login.devices set address = ${envelope} where lookup = decode(${id}, 'hex') and address = ${old}`,
    )) === 1,
}
