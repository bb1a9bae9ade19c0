import { type Dialect, invalidInput } from '@strongroom/http'
import { z } from 'zod'
import { errors, fieldErrors, type Named } from './error-table.ts'

const isNamed = (kind: string): kind is Named => Object.hasOwn(errors, kind)

/** A kind that is not in the table would be a bug of ours: it is answered as one. */
const entryOf = (kind: string) => errors[isNamed(kind) ? kind : 'crashed']

/** Bodies of the accounts API: `{"error":{"name":…,"message":…}}`, names by `error-table.ts`. */
export const accountsDialect: Dialect = {
  accepts: ['application/json'],
  contentType: 'application/json; charset=utf-8',
  wrongMethods: 'told',
  render({ kind, details }) {
    const field = typeof details['field'] === 'string' ? details['field'] : ''
    const special = kind === invalidInput.kind ? fieldErrors.find(([pattern]) => pattern.test(field))?.[1] : undefined
    const [name, status, message] = entryOf(special ?? kind)
    const told = kind === invalidInput.kind && !special ? `${message}: ${field}` : message
    return { status, body: { error: { name, message: told } }, headers: headersOf(status, details) }
  },
  describe({ kind }) {
    const [name, status, message] = entryOf(kind)
    const isField = kind === invalidInput.kind
    const error = z.object({
      name: isField ? z.string() : z.literal(name),
      message: isField ? z.string() : z.literal(message),
    })
    return { status, body: z.object({ error }) }
  },
}

function headersOf(status: number, details: Readonly<Record<string, unknown>>): Record<string, string> {
  const challenge = status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}
  const { retryAfter } = details
  return typeof retryAfter === 'number' ? { ...challenge, 'Retry-After': String(retryAfter) } : challenge
}
