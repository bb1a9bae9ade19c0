import type { KeyRecord } from '@strongroom/hsm'
import { recordKey } from '@strongroom/service/operator'
import { type Database, sql, type Statements } from '@strongroom/storage'
import { column } from '@strongroom/storage'
import { z } from 'zod'

/** Keys of the token that comes, recorded beside those of the one that goes. Answers those that were not there. */
export async function recordNew(
  database: Database,
  { label, keys, known }: { label: string; keys: readonly KeyRecord[]; known: readonly KeyRecord[] },
): Promise<void> {
  const fresh = keys.filter((key) => !known.some((one) => one.token === label && one.label === key.label))
  await database.transaction(async (tx) => {
    for (const key of fresh) await recordKey(tx, { ...key, token: label })
  })
}

/** From now on the app’s own token is the new one; the records of the old one stay under its label until `finish`. */
export const switchTokens = (database: Database, { from, to }: { from: string; to: string }): Promise<void> =>
  database.transaction(async (tx) => {
    await tx.run(sql`update keystore.keys set token = ${from} where token = '' and job <> 'recover'`)
    await tx.run(sql`update keystore.keys set token = '' where token = ${to}`)
  })

export const forgetToken = (statements: Statements, label: string): Promise<number> =>
  statements.run(sql`delete from keystore.keys where token = ${label}`)

/** How many sessions of that role there are, beside ours. */
export const sessionsOf = async (statements: Statements, role: string): Promise<number> =>
  (
    await statements.one(
      z.object({ count: column.count }),
      sql`select count(*) from pg_stat_activity where datname = current_database() and usename = ${role} and pid <> pg_backend_pid()`,
    )
  ).count
