import { crashed, type Dialect, unavailable } from '@strongroom/http'
import { z } from 'zod'
import { nodeRefused } from './contract.ts'

const told = new Set<string>([nodeRefused.kind, unavailable.kind, crashed.kind])

/** Whatever is wrong is "reject". Only a stranger, an outage and a crash have a status of their own: nothing fails open. */
export const hookDialect: Dialect = {
  accepts: ['application/json'],
  contentType: 'application/json; charset=utf-8',
  render: ({ kind, status }) => ({ status: told.has(kind) ? status : 200, body: 'reject' }),
  describe: ({ kind, status }) => ({ status: told.has(kind) ? status : 200, body: z.literal('reject') }),
}
