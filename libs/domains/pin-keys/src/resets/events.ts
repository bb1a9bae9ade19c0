import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

export const resetConfirmed = securityEvent('reset.confirmed', z.object({ user: z.uuid() }))
export const resetCompleted = securityEvent('reset.completed', z.object({ lock: z.uuid(), pinEpoch: z.int() }))
