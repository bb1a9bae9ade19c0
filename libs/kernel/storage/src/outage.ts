/** PostgreSQL did not take the statement, or its answer was lost: the caller may try again. Names no address, user or value. */
export class DatabaseUnavailable extends Error {
  readonly retryAfterSeconds = 1

  constructor(cause: unknown) {
    super('the database is unavailable', { cause })
    this.name = 'DatabaseUnavailable'
  }
}

const passing = new Set([
  '25006', // read-only: a failed-over primary
  '40001', // serialization failure
  '40P01', // deadlock: this one was ended for the other
  '53300', // too many connections
  '55P03', // lock not available
  '57014', // statement timeout
  '57P01', // administrator shutdown
  '57P02', // crash shutdown
  '57P03', // cannot connect now
])

const broken = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/
const brokenMessage =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|client was closed|not queryable/i

/** Turns what `pg` throws when the server is away into the typed outage; anything else is a bug and stays itself. */
export function asOutage(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const away = passing.has(code) || code.startsWith('08') || broken.test(code) || brokenMessage.test(error.message)
  return away ? new DatabaseUnavailable(error) : error
}

/** The name of the constraint that a statement violated, for the store that owns the constraint to translate. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('constraint' in error)) return undefined
  return typeof error.constraint === 'string' ? error.constraint : undefined
}
