import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const detail = z.object({ user: z.uuid(), channel: z.enum(['email', 'sms']) })

export const userAdded = securityEvent('user.added', detail)
export const userVerified = securityEvent('user.verified', detail)
export const userRemoved = securityEvent('user.removed', detail)
export const codeRequested = securityEvent(
  'user.code-requested',
  z.object({ user: z.uuid(), code: z.uuid(), purpose: z.string() }),
)
export const noticeUndeliverable = securityEvent(
  'user.notice-undeliverable',
  z.object({ user: z.uuid(), delivery: z.uuid() }),
)
