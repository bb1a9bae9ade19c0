import { endpoint } from '@strongroom/http/contract'
import { accessToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { coded, codedWithWait } from '../code-table.ts'

export const userNotRegistered = coded('user-not-registered')
export const userDisabled = coded('user-disabled')
export const tooManyRequests = codedWithWait('too-many-requests')

/** What every call of a user may be refused with. */
export const userRefusals = [userNotRegistered, userDisabled, tooManyRequests] as const

export const Timestamp = z
  .string()
  .meta({ description: 'RFC 3339, UTC, whole seconds.', example: '2026-01-15T10:30:00Z' })

export const registerUser = endpoint({
  method: 'POST',
  path: '/auth/users/register',
  summary: 'Register the user that the access token names; once more changes nothing.',
  proof: accessToken,
  body: z.object({ display_name: z.string().max(128).optional() }),
  bodyLimit: 65_536,
  reply: {
    201: z.object({ success: z.literal(true), message: z.literal('User registered successfully'), user_id: z.uuid() }),
    200: z.object({ success: z.literal(true), message: z.literal('User already registered'), user_id: z.uuid() }),
  },
  refusals: [userDisabled, tooManyRequests],
})
