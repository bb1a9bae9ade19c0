/** What the original counts on the row of a key, and on that of a user. */
export interface Counted {
  firstInvalid: string | null
  invalidCount: number
}

export interface Counting<Row extends Counted> {
  row: Row
  put: (row: Row) => Promise<void>
  /** The process's clock. */
  now: Date
}

const limit = 10
const week = 7 * 24 * 60 * 60 * 1000

/** Counts this attempt; the delay if it is one too many. Reads, adds and writes in three steps, as the original does. */
export async function countAttempt<Row extends Counted>(counting: Counting<Row>): Promise<string | null> {
  const { row, put, now } = counting
  const firstInvalid = row.firstInvalid ?? now.toISOString()
  const counted = { ...row, firstInvalid, invalidCount: row.invalidCount + 1 }
  const until = new Date(Date.parse(firstInvalid) + week)
  if (counted.invalidCount > limit && until <= now) {
    await forgetAttempts(counting)
    return null
  }
  await put(counted)
  return counted.invalidCount > limit ? until.toISOString() : null
}

export const forgetAttempts = <Row extends Counted>({ row, put }: Omit<Counting<Row>, 'now'>): Promise<void> =>
  put({ ...row, firstInvalid: null, invalidCount: 0 })
