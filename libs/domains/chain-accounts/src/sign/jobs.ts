import { job } from '@strongroom/jobs'
import { z } from 'zod'

export const holdEvents = ['armed', 'half-time', 'open', 'done', 'cancelled', 'lapsed'] as const

/** Tells one device what becomes of a change that waits. */
export const pushHold = job({
  name: 'chain-accounts.push-hold',
  payload: z.strictObject({ lockId: z.uuid(), accountId: z.uuid(), keyId: z.uuid(), event: z.enum(holdEvents) }),
})
