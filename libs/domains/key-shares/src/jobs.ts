import { job } from '@strongroom/jobs'
import { z } from 'zod'

/** Tells the operator's own systems of one thing that happened to a user. */
export const sendEvent = job({ name: 'key-shares.send-event', payload: z.strictObject({ eventId: z.uuid() }) })
