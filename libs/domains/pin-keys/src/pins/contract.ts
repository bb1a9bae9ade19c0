import { refusal } from '@strongroom/http/contract'
import { z } from 'zod'

export const KeyId = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  .meta({ description: 'The id that creating the key answered.', example: '36e6b967-eeeb-4b54-818b-13331416c9f4' })
export const Delay = z
  .string()
  .meta({ description: 'When to come back, ISO 8601.', example: '2026-12-16T13:56:45.848Z' })
export const Success = z.object({ message: z.literal('Success') })

/** Unknown key or wrong PIN, unknown user or wrong code: nobody is told which. */
export const invalidParams = refusal({ kind: 'invalid-params', status: 404, title: 'Invalid params' })
export const rateLimited = refusal({
  kind: 'rate-limited',
  status: 429,
  title: 'Rate limit until',
  details: { delay: Delay },
})
