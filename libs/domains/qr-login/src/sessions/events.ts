import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

/** `token`: the account logged in. `nothing`: the server is open, and the DID is what the caller said. */
export const sessionWasApproved = securityEvent(
  'qr-session.approved',
  z.object({ session: z.uuid(), proved: z.enum(['token', 'nothing']) }),
)
export const devicesNotified = securityEvent(
  'qr-session.announced',
  z.object({ session: z.uuid(), devices: z.int(), told: z.int(), gone: z.int() }),
)
