import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const detail = z.object({ kind: z.string(), lock: z.uuid() })

export const lockArmed = securityEvent('time-lock.armed', detail)
export const lockDone = securityEvent('time-lock.done', detail)
export const lockCancelled = securityEvent('time-lock.cancelled', detail)
export const lockLapsed = securityEvent('time-lock.lapsed', detail)
export const lockContested = securityEvent('time-lock.contested', detail)
