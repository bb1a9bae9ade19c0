import { endpoint, invalidInput, refusal } from '@strongroom/http/contract'
import { basicPin, Pin } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { Delay, invalidParams, KeyId, rateLimited, Success } from '../pins/contract.ts'
import { UserId } from '../users/user-id.ts'

/** The reset waits; or the key is contested, and another user's code is wanted as well. */
export const timeLocked = refusal({
  kind: 'time-locked',
  status: 423,
  title: 'Time locked until',
  details: { delay: Delay },
})

const Code = z
  .string()
  .regex(/^\d{6}$/)
  .meta({ description: 'The code that was sent.', example: '904213' })

export const verifyUser = endpoint({
  method: 'PUT',
  path: '/v2/key/:keyId/user/:userId',
  summary: 'Prove a code: to verify a user, to start the reset of a PIN, and after the time lock to complete it.',
  params: z.object({ keyId: KeyId, userId: UserId }),
  body: z.object({ code: Code, op: z.enum(['verify', 'reset-pin']), newPin: Pin.optional() }),
  reply: { 200: Success },
  refusals: [invalidInput, invalidParams, rateLimited, timeLocked],
})

export const resetPin = endpoint({
  method: 'GET',
  path: '/v2/key/:keyId/user/:userId/reset',
  summary: 'Send a code with which a verified user starts, or completes, the reset of a PIN.',
  params: z.object({ keyId: KeyId, userId: UserId }),
  reply: { 200: Success },
  refusals: [invalidParams, rateLimited],
})

export const cancelReset = endpoint({
  method: 'DELETE',
  path: '/v2/key/:keyId/user/:userId/reset',
  summary: 'Cancel every reset of the PIN, by the PIN.',
  proof: basicPin,
  params: z.object({ keyId: KeyId, userId: UserId }),
  reply: { 200: Success },
  refusals: [invalidParams, rateLimited],
})
