import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const change = z.object({ change: z.string(), chain: z.string(), by: z.string() })

export const changeHeld = securityEvent('account.change-held', change)
export const changeApproved = securityEvent('account.change-approved', change)
export const changeCancelled = securityEvent('account.change-cancelled', change)
export const changeSigned = securityEvent('account.change-signed', change)
/** Nothing of the account’s signers: payments and calls. */
export const requestSigned = securityEvent('account.request-signed', z.object({ chain: z.string(), by: z.string() }))
export const requestRefused = securityEvent(
  'account.request-refused',
  z.object({ chain: z.string(), by: z.string(), why: z.enum(['undecoded', 'foreign', 'forbidden', 'unsigned']) }),
)
