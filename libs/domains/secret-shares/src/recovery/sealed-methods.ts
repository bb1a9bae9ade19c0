import { countRows, type SealedColumn } from '@strongroom/jobs'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { bindValue } from '../accounts/names.ts'
import { placeOf } from '../accounts/store.ts'
import { whichOf } from './store.ts'

const methodRow = z.object({
  id: column.count,
  accountId: z.uuid(),
  lookup: column.bytes,
  primaryDid: z.string(),
  type: z.string(),
  credentialId: z.string().nullable(),
  envelope: column.bytes,
})

/** Shares that ways of recovery keep. */
export const sealedMethods: SealedColumn = {
  name: 'secret-shares.recovery-methods',
  first: '0',
  rows: (statements) => countRows(statements, sql`secret_shares.recovery_methods where envelope is not null`),
  async page(statements, { after, limit }) {
    const rows = await statements.many(
      methodRow,
      sql`select m.id, a.id as "accountId", a.lookup, a.primary_did as "primaryDid", m.type,
                 m.credential_id as "credentialId", m.envelope
            from secret_shares.recovery_methods as m join secret_shares.accounts as a on a.id = m.account_id
           where m.id > ${after}::bigint and m.envelope is not null order by m.id limit ${limit}`,
    )
    return rows.map(({ id, accountId, lookup, primaryDid, envelope, ...method }) => ({
      id: String(id),
      envelope,
      binding: bindValue(placeOf({ id: accountId, lookup, primaryDid }), {
        purpose: 'recovery-share',
        which: whichOf(method),
      }),
    }))
  },
  replace: async ({ database }, { id, envelope: old }, envelope) =>
    (await database.run(
      sql`update secret_shares.recovery_methods set envelope = ${envelope} where id = ${id}::bigint and envelope = ${old}`,
    )) === 1,
}
