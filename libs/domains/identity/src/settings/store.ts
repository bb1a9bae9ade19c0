import { recordEvent } from '@strongroom/audit'
import { column, sql, type Statements, type Tx } from '@strongroom/storage'
import { z } from 'zod'
import { directionOf, type PageOrder } from '../page-order.ts'
import { clientDomainChanged } from './events.ts'

export interface SettingPlace {
  readonly accountId: string
  readonly key: string
}

const settingRow = z.object({ key: z.string(), envelope: column.bytes })

export const findSetting = (statements: Statements, { accountId, key }: SettingPlace) =>
  statements.maybe(
    settingRow,
    sql`select key, envelope from identity.settings where account_id = ${accountId} and key = ${key}`,
  )

/** In the order of their bytes, whatever the database's language is. */
export const findSettings = (
  statements: Statements,
  accountId: string,
  page: { limit: number; offset: number; order: PageOrder },
) =>
  statements.many(
    settingRow,
    sql`select key, envelope from identity.settings where account_id = ${accountId}
         order by key collate "C" ${directionOf(page.order)} limit ${page.limit} offset ${page.offset}`,
  )

export const deleteSetting = (tx: Tx, { accountId, key }: SettingPlace): Promise<number> =>
  tx.run(sql`delete from identity.settings where account_id = ${accountId} and key = ${key}`)

/** False where the account has so many others; one change of an account at a time, so that the number holds. */
export async function writeSetting(
  tx: Tx,
  { accountId, key, envelope }: SettingPlace & { envelope: Uint8Array },
  most: number,
): Promise<boolean> {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('identity.settings/' || ${accountId}::text, 0))`)
  const written = await tx.run(sql`
    insert into identity.settings (account_id, key, envelope)
    select ${accountId}, ${key}, ${envelope}
     where (select count(*) from identity.settings where account_id = ${accountId} and key <> ${key}) < ${most}
    on conflict (account_id, key) do update set envelope = excluded.envelope, changed_at = strongroom.now()`)
  return written === 1
}

export const noteClientDomain = (tx: Tx, accountId: string, key: string): Promise<void> =>
  recordEvent(tx, clientDomainChanged, { subject: accountId, detail: { key } })
