import type { KeyRecord, OriginalDatabase } from './database.ts'

const limit = 10
const week = 7 * 24 * 60 * 60 * 1000

/** Counts this attempt; the delay if it is one too many. Reads, adds and writes in three steps, as the original does. */
export async function countAttempt(database: OriginalDatabase, record: KeyRecord): Promise<string | null> {
  const firstInvalid = record.firstInvalid ?? new Date().toISOString()
  const counted = { ...record, firstInvalid, invalidCount: record.invalidCount + 1 }
  const until = new Date(Date.parse(firstInvalid) + week)
  if (counted.invalidCount > limit && until <= new Date()) {
    await forgetAttempts(database, record)
    return null
  }
  await database.put(counted)
  return counted.invalidCount > limit ? until.toISOString() : null
}

export const forgetAttempts = (database: OriginalDatabase, record: KeyRecord): Promise<void> =>
  database.put({ ...record, firstInvalid: null, invalidCount: 0 })
