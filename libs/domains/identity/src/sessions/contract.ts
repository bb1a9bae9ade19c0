import { endpoint, jsonApi } from '@strongroom/http/contract'
import { z } from 'zod'
import { notFound, Session } from '../wallets/contract.ts'

export const getSession = endpoint({
  method: 'GET',
  path: '/sessions/:sessionId',
  summary: 'Read a session, and put its end off.',
  params: z.object({ sessionId: z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'is no ULID') }),
  reply: { 200: jsonApi.document(Session) },
  refusals: [notFound],
})
