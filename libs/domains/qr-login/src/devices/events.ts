import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

/** Hex of what the row is found by. */
const device = z.string().regex(/^[0-9a-f]{64}$/)

export const deviceRegistered = securityEvent('device.registered', z.object({ device, kind: z.enum(['fcm', 'web']) }))
/** `asked` by its owner, `crowded` out by newer ones, or `gone` as the push service says. */
export const deviceRemoved = securityEvent(
  'device.removed',
  z.object({ device, reason: z.enum(['asked', 'crowded', 'gone']) }),
)
