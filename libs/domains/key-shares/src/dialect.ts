import { type Dialect, invalidInput } from '@strongroom/http'
import { z } from 'zod'
import { type Coded, codes, fieldCodes } from './code-table.ts'

const isCoded = (kind: string): kind is Coded => Object.hasOwn(codes, kind)

/** A kind that is not in the table would be a bug of ours: it is answered as one. */
const entryOf = (kind: string) => codes[isCoded(kind) ? kind : 'crashed']

/** Bodies of the Duo auth service: `{"error":{"code":…,"message":…}}`, codes by `code-table.ts`. */
export const duo: Dialect = {
  accepts: ['application/json'],
  contentType: 'application/json; charset=utf-8',
  wrongMethods: 'told',
  render({ kind, details }) {
    const field = typeof details['field'] === 'string' ? details['field'] : ''
    const special = kind === invalidInput.kind ? fieldCodes.find(([pattern]) => pattern.test(field))?.[1] : undefined
    const [code, status, message] = entryOf(special ?? kind)
    const named = kind === invalidInput.kind && !special ? `${message}: ${field}` : message
    return { status, body: { error: { code, message: named } }, headers: headersOf(kind, details) }
  },
  describe({ kind }) {
    const [code, status, message] = entryOf(kind)
    const said = kind === invalidInput.kind ? z.string() : z.literal(message)
    const known = kind === invalidInput.kind ? z.int() : z.literal(code)
    return { status, body: z.object({ error: z.object({ code: known, message: said }) }) }
  },
}

function headersOf(kind: string, details: Readonly<Record<string, unknown>>): Record<string, string> {
  const challenge = kind.startsWith('access-token') ? { 'WWW-Authenticate': 'Bearer' } : {}
  const { retryAfter } = details
  return typeof retryAfter === 'number' ? { ...challenge, 'Retry-After': String(retryAfter) } : challenge
}
