import { z } from 'zod'
import type { Dialect } from './dialect.ts'

/** The dialect of an API that has none of its own: problem details, RFC 9457. */
export const problems: Dialect = {
  accepts: ['application/json'],
  contentType: 'application/json; charset=utf-8',
  render: ({ kind, status, title, details }) => ({ status, body: { type: kind, title, status, ...details } }),
  describe: ({ kind, status, title, details }) => ({
    status,
    body: z.object({ type: z.literal(kind), title: z.literal(title), status: z.literal(status), ...details.shape }),
  }),
}
